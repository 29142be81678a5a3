import type { BoxKind, SignName } from './drawing.ts'

/** Everything that has a picture of its own. */
export type IconName = BoxKind | SignName | 'signal' | 'catch' | 'reference'

/** Lines in a square of 14 units, drawn with a pen; no letters, so no font can lack them. */
export const ICONS: Readonly<Record<IconName, string>> = {
  step: 'M4 2.5 L11 7 L4 11.5 Z',
  wait: 'M7 2 a2.4 2.4 0 1 1 0 4.8 a2.4 2.4 0 1 1 0 -4.8 M2.5 12.5 c0 -5.2 9 -5.2 9 0',
  timer: 'M7 1.5 a5.5 5.5 0 1 1 0 11 a5.5 5.5 0 1 1 0 -11 M7 4 V7 L9.3 8.5',
  child: 'M1.5 1.5 H12.5 V12.5 H1.5 Z M6 6 H10 V10 H6 Z',
  map: 'M1.5 4 H9.5 V12.5 H1.5 Z M4.5 4 V1.5 H12.5 V9.5 H9.5',
  parallel: 'M7 1 V4 M2.5 13 V4 H11.5 V13 M7 4 V13',
  end: 'M7 1.8 a5.2 5.2 0 1 1 0 10.4 a5.2 5.2 0 1 1 0 -10.4 M7 4.9 a2.1 2.1 0 1 1 0 4.2 a2.1 2.1 0 1 1 0 -4.2',
  'bad-end': 'M3 3 L11 11 M11 3 L3 11',
  any: 'M7 1.5 V12.5 M2.2 4.2 L11.8 9.8 M11.8 4.2 L2.2 9.8',
  signal: 'M1.5 3 H12.5 V11 H1.5 Z M1.5 3.5 L7 8 L12.5 3.5',
  catch: 'M8 1.5 L3.5 8 H6.7 L6 12.5 L10.5 5.8 H7.3 Z',
  reference: 'M2 7 H11 M7.5 3.5 L11 7 L7.5 10.5',
  retries: 'M11.8 5 A5.3 5.3 0 1 0 12.2 8.5 M12.3 1.8 V5.3 H8.8',
  timeout: 'M3 1.5 H11 M3 12.5 H11 M4 1.5 C4 6 10 8 10 12.5 M10 1.5 C10 6 4 8 4 12.5',
  undo: 'M5.5 2 L2 5.5 L5.5 9 M2 5.5 H9 A3.2 3.2 0 0 1 9 12 H6',
  visits: 'M2 3.5 H8 M2 7 H8 M2 10.5 H8 M11.5 2 V12',
  cache: 'M2 3.5 a5 2 0 1 0 10 0 a5 2 0 1 0 -10 0 V10.5 a5 2 0 0 0 10 0 V3.5',
  reminder: 'M2 10.5 C4 9 3.4 2.5 7 2.5 C10.6 2.5 10 9 12 10.5 Z M5.8 12.5 H8.2',
  irreversible: 'M7 1.5 L13 12.5 H1 Z M7 5.5 V8.5 M7 10.2 V10.8',
}

/** What each picture means, for legends. */
export const MEANINGS: Readonly<Record<IconName, string>> = {
  step: 'a step',
  wait: 'waits for somebody',
  timer: 'waits for a time',
  child: 'another workflow',
  map: 'for each item',
  parallel: 'side by side',
  end: 'the end',
  'bad-end': 'ends in trouble',
  any: 'wherever it stands',
  signal: 'somebody sends it',
  catch: 'after a failure',
  reference: 'goes on there',
  retries: 'attempts, if not 3',
  timeout: 'limit of an attempt, if not 5m',
  undo: 'undone by',
  visits: 'limit of visits',
  cache: 'result is kept',
  reminder: 'reminds',
  irreversible: 'cannot be undone',
}
