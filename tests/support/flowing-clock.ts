import { TestClock } from 'stepwright/testing'

/** Time that passes while it is looked at: each reading takes a millisecond, and alarms ring one early, as Node's may. */
export class FlowingClock extends TestClock {
  flows = false

  override now(): number {
    const now = super.now()
    if (this.flows) this.jump(now + 1)
    return now
  }

  override alarm(at: number, fire: () => void): () => void {
    return super.alarm(at - 1, fire)
  }
}
