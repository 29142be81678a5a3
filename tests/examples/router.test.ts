import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { githubAt, startGitHub } from '../../examples/06-router/github.ts'
import { RouterWorkflow } from '../../examples/06-router/router.ts'
import { offline } from '../support/offline-llm.ts'

async function played(sentence: string, fail: readonly number[] = []) {
  await using made = await offline()
  await using github = await startGitHub(fail)
  const resources = { llm: made.llm, github: githubAt(github.url) }
  const test = createTestEngine({ workflows: [RouterWorkflow], resources })
  const run = await test.engine.start(RouterWorkflow, { sentence })
  const view = await test.finish(run)
  const path = ['read']
  for await (const event of run.events({ follow: false })) if (event.type === 'moved') path.push(event.to)
  await test.close()
  return { view, path: path.join(' '), asked: github.asked, calls: made.server.calls.length }
}

it('example 06 reports on a repository, and is not put off by a server in trouble', async () => {
  const { view, path, asked, calls } = await played(
    'Who are the contributors of statelyai/xstate?',
    [500, 503],
  )
  expect(path).toBe('read report done')
  expect(view.data).toEqual({ answer: 'Its contributors are davidkpiano, andarist.' })
  expect(asked).toEqual(Array(3).fill('/repos/statelyai/xstate/contributors'))
  expect(calls).toBe(1)
})

it('example 06 does not ask again for a repository that is not there', async () => {
  const { view, asked } = await played('How many stars does the repository nobody/nothing have?')
  expect(view).toMatchObject({ status: 'failed', failure: { status: 404 } })
  expect(asked).toHaveLength(1)
})

it('example 06 changes letters, or answers itself', async () => {
  const change = await played('Put the text "Steps That Last" in upper case.')
  expect(change).toMatchObject({ path: 'read change done', asked: [] })
  expect(JSON.stringify(change.view.data)).toContain('STEPS THAT LAST')
  const answer = await played('Bees make honey, and they dance.')
  expect(answer).toMatchObject({ path: 'read done', asked: [] })
})
