/** The model server of `llm`, in a process of its own, as models are: says where it is, and ends with its parent. */
import { createModelServer } from '../src/testing/index.ts'

const answer = 'A set of states and the moves between them. '.repeat(10)
const { url } = await createModelServer({ script: () => answer })
process.send?.(url)
process.once('disconnect', () => process.exit(0))
