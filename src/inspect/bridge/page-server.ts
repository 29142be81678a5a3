/** The page of our own: a few files without a build step, the runs that are stored, and charts. Reading only. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { STYLE } from '../drawing/paints.ts'
import { toSvg } from '../drawing/svg.ts'
import { targetOf } from './handshake.ts'
import type { InspectorParts, StoredRun } from './inspector-parts.ts'

/** What the page is made of. */
const FILES: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/style.css': 'style.css',
  '/page.js': 'page.js',
  '/chart.js': 'chart.js',
  '/connection.js': 'connection.js',
  '/elements.js': 'elements.js',
  '/run-list.js': 'run-list.js',
  '/signals.js': 'signals.js',
  '/story.js': 'story.js',
  '/value-tree.js': 'value-tree.js',
}
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}
const MOST_RUNS = 200

/** Nothing but the page's own files and sockets, and the style of charts; nobody may frame it, and its address is told to nobody. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'sha256-${hash('sha256', STYLE, 'base64')}'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** Answers a request that was let in. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  parts: InspectorParts,
): Promise<void> {
  const { pathname, searchParams } = targetOf(request)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return answer(response, 405, 'text/plain', 'only GET')
  const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined
  if (file !== undefined)
    return answer(response, 200, TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? '', await readPage(file))
  try {
    if (pathname === '/runs')
      return answer(response, 200, 'application/json', await listRuns(parts, searchParams.get('before')))
    if (pathname === '/chart') {
      const { definition } = parts.machineOf(workflowIn(searchParams))
      return answer(response, 200, 'image/svg+xml; charset=utf-8', await toSvg(definition))
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return answer(response, 404, 'application/json', JSON.stringify({ message: why }))
  }
  answer(response, 404, 'text/plain', 'there is no such page')
}

function workflowIn(params: URLSearchParams): { readonly workflow: string; readonly version: number } {
  return { workflow: params.get('workflow') ?? '', version: Number(params.get('version') ?? NaN) }
}

/** Refuses a request, saying why. */
export function refusePage(response: ServerResponse, why: string): void {
  answer(response, 403, 'text/plain', why)
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body)
}

/** The files stand in the package as they are, beside what is compiled. */
function readPage(file: string): Promise<string> {
  const manifest = findPackageJSON(import.meta.url)
  return readFile(join(dirname(manifest ?? ''), 'src/inspect/page', file), 'utf8')
}

async function listRuns(parts: InspectorParts, before: string | null): Promise<string> {
  const runs = await parts.list({ limit: MOST_RUNS, ...(before === null ? {} : { before }) })
  return JSON.stringify({ runs: runs.map(rowOf), more: runs.length === MOST_RUNS })
}

/** What the list shows; no data. */
function rowOf({ id, workflow, version, status, state, parent, createdAt, updatedAt }: StoredRun): object {
  return { id, workflow, version, status, state, parent: parent?.run, createdAt, updatedAt }
}
