import type { Happening, Note } from '../model/history.ts'
import type { ToolCalled } from '../model/model-call.ts'
import type { Status } from '../model/status.ts'
import type { RunView } from './run-view.ts'

/** How a run has gone, without what is another each time: for comparing it with another one. */
export interface Course {
  readonly status: Status
  /** The states it stood in, in order. */
  readonly path: readonly string[]
  /** The tools that models called. Those that were called at once stand in the order of their names and inputs. */
  readonly tools: readonly Pick<ToolCalled, 'tool' | 'input'>[]
  /** What it completed with. */
  readonly output?: unknown
  /** The name of the error it failed with. */
  readonly failure?: string
}

/** The course of a run, from its history and what its parts told. */
export function courseOf(
  { status, data, failure }: Pick<RunView, 'status' | 'data' | 'failure'>,
  history: readonly Happening[],
  parts: readonly (readonly Note[])[],
): Course {
  return {
    status,
    path: history.flatMap((event) => (event.type === 'started' || event.type === 'moved' ? [event.to] : [])),
    tools: [history, ...parts].flatMap(toolsIn),
    ...(status === 'completed' ? { output: data } : {}),
    ...(failure ? { failure: failure.name } : {}),
  }
}

function toolsIn(happenings: readonly Happening[]): Course['tools'] {
  const tools: Course['tools'][number][] = []
  let together: Course['tools'][number][] = []
  const told = (): void => {
    tools.push(...together.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)))
    together = []
  }
  for (const happening of happenings) {
    if (happening.type === 'tool-called') together.push({ tool: happening.tool, input: happening.input })
    else told()
  }
  told()
  return tools
}

function orderOf({ tool, input }: Course['tools'][number]): string {
  return `${tool} ${JSON.stringify(input)}`
}
