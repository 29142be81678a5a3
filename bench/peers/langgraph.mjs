// A graph of one node that goes to itself until its steps are done; a checkpoint is written before the next begins.
import { join } from 'node:path'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { datum } from '../../dist-bench/bench/workflows.js'

export function open(dir) {
  const saver = SqliteSaver.fromConnString(join(dir, 'langgraph.db'))
  const graph = new StateGraph(Annotation.Root({ left: Annotation(), data: Annotation() }))
    .addNode('step', ({ left }) => ({ left: left - 1, data: datum(left, 0) }))
    .addEdge(START, 'step')
    .addConditionalEdges('step', ({ left }) => (left > 0 ? 'step' : END), ['step', END])
    .compile({ checkpointer: saver })
  return {
    store: 'sqlite normal',
    synchronous: 'normal',
    async run(id, steps) {
      const config = { configurable: { thread_id: id }, recursionLimit: steps + 10, durability: 'sync' }
      await graph.invoke({ left: steps, data: datum(0, 0) }, config)
    },
    close: () => saver.db.close(),
  }
}
