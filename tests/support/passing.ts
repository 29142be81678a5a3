import type { TestClock } from 'stepwright/testing'

interface Test {
  readonly clock: TestClock
  settle(): Promise<void>
}

/** Lets time pass while nothing is being driven, on stores that take real time too. */
export async function pass({ clock, settle }: Test, ms: number): Promise<void> {
  await settle()
  clock.jump(clock.now() + ms)
  await settle()
}

/** Lets handlers at work go on, without time passing, until something is so. */
export async function until(
  { clock }: Pick<Test, 'clock'>,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await isSo())) await clock.advance(0)
}
