/** `npx tsx examples/05-approval/main.ts`: two purchases, approved over days; the clock is a test clock, so it takes no days. */
import { createTestEngine } from 'stepwright/testing'
import { ApprovalWorkflow } from './approval.ts'

let day = 0
const say = (line: string): void => console.log(`day ${day}: ${line}`)
const mail = (to: string, text: string): void => say(`mail to ${to}: ${text}`)
const { engine, clock, close } = createTestEngine({ workflows: [ApprovalWorkflow], resources: { mail } })
const press = await engine.start(ApprovalWorkflow, { what: 'a printing press', euros: 48_000, asks: 'eve' })
const chairs = await engine.start(ApprovalWorkflow, { what: 'six chairs', euros: 900, asks: 'tom' })
const events: Readonly<Record<number, () => Promise<unknown>>> = {
  1: () => chairs.signal('approve', {}, { as: { id: 'mia', roles: ['manager'] } }),
  2: () => chairs.signal('approve', {}, { as: { id: 'noa', roles: ['finance'] } }),
  3: () => press.signal('approve', {}, { as: { id: 'mia', roles: ['manager'] } }),
  6: () => press.signal('approve', {}, { as: { id: 'ida', roles: ['director'] } }),
}
for (day = 1; day <= 6; day++) {
  await clock.advance('1d')
  await events[day]?.()
}
console.log(await press.result(), await chairs.result())
await close()
