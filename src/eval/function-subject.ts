import type { Subject } from './subject.ts'
import { boundTo, ItemScope } from './trace.ts'

/** A function; what its resources do is traced. */
export function functionSubject(evaluation: string, run: (input: never, context: never) => unknown): Subject {
  return async ({ input }, { id, resources, tracer, signal }) => {
    const scope = new ItemScope(id, evaluation, tracer, signal)
    const bound = Object.entries(resources).map(([name, each]) => [name, boundTo(each as unknown, scope)])
    return run(input as never, { ...Object.fromEntries(bound), signal } as never)
  }
}
