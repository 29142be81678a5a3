import { systemHost, type Host } from '../model/host.ts'

interface Alarm {
  readonly at: number
  readonly fire: () => void
  cancel: () => void
}

/** The real clock, which can be set forward: what a run only waits for need not take its time. */
export class SkippingClock implements Host {
  readonly newId = systemHost.newId
  #ahead = 0
  readonly #alarms = new Set<Alarm>()

  now(): number {
    return systemHost.now() + this.#ahead
  }

  random(): number {
    return systemHost.random()
  }

  turn(): Promise<void> | undefined {
    return systemHost.turn?.()
  }

  alarm(at: number, fire: () => void): () => void {
    const alarm: Alarm = { at, fire, cancel: () => undefined }
    this.#alarms.add(alarm)
    this.#arm(alarm)
    return () => {
      alarm.cancel()
      this.#alarms.delete(alarm)
    }
  }

  /** Sets the clock forward to a time to come. */
  skipTo(at: number): void {
    this.#ahead += Math.max(0, at - this.now())
    for (const alarm of this.#alarms) {
      alarm.cancel()
      this.#arm(alarm)
    }
  }

  #arm(alarm: Alarm): void {
    alarm.cancel = systemHost.alarm(alarm.at - this.#ahead, () => {
      this.#alarms.delete(alarm)
      alarm.fire()
    })
  }
}
