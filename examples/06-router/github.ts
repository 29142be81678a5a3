import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { RetryableError } from 'stepwright'
import { z } from 'zod'

/** What is asked of GitHub's API. */
export interface GitHub {
  stars(repository: string): Promise<number>
  contributors(repository: string): Promise<readonly string[]>
}

const repository = z.object({ stargazers_count: z.number() })
const contributors = z.array(z.object({ login: z.string(), contributions: z.number() }))

/** GitHub's REST API at an address. Its errors carry their status, and a limit says when to come again. */
export function githubAt(url: string): GitHub {
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      headers: { accept: 'application/vnd.github+json', 'user-agent': 'stepwright' },
    })
    if (response.ok) return response.json()
    const reset = Number(response.headers.get('x-ratelimit-reset'))
    if (response.status === 403 && reset > 0)
      throw new RetryableError('the limit of GitHub is used up', { retryAfter: new Date(reset * 1_000) })
    const { status, headers } = response
    throw Object.assign(new Error(`GitHub answered ${status} for ${path}`), { status, headers })
  }
  return {
    stars: async (name) => repository.parse(await get(`/repos/${name}`)).stargazers_count,
    contributors: async (name) =>
      contributors.parse(await get(`/repos/${name}/contributors?per_page=5`)).map(({ login }) => login),
  }
}

/** What the server on this machine knows; contributors by the number of their commits. */
const KNOWN: Readonly<
  Record<string, { readonly stars: number; readonly contributors: Readonly<Record<string, number>> }>
> = {
  'statelyai/xstate': { stars: 28_000, contributors: { davidkpiano: 3_100, andarist: 1_900 } },
  'colinhacks/zod': { stars: 38_000, contributors: { colinhacks: 1_500 } },
}

/** A server on this machine that answers as GitHub's API does. `fail`: with these statuses first. */
export async function startGitHub(
  fail: readonly number[] = [],
): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const left = [...fail]
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    asked.push(path)
    const name = /^\/repos\/([^/]+\/[^/]+)(\/contributors)?$/.exec(path)
    const found = name?.[1] === undefined ? undefined : KNOWN[name[1].toLowerCase()]
    const status = left.shift() ?? (found ? 200 : 404)
    const body = name?.[2]
      ? Object.entries(found?.contributors ?? {}).map(([login, contributions]) => ({
          login,
          contributions,
          type: 'User',
        }))
      : { full_name: name?.[1], stargazers_count: found?.stars, private: false }
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    response.end(
      JSON.stringify(status === 200 ? body : { message: status === 404 ? 'Not Found' : 'Server Error' }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
