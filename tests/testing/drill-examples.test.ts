import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { drill, drillText, type DrillReport } from 'stepwright/testing'
import type { Llm } from 'stepwright/llm'
import { PromoterWorkflow } from 'stepwright/machines'
import { RefineWorkflow } from '../../examples/01-refine/refine.ts'
import { openAgency } from '../../examples/02-trip/agency.ts'
import { TripWorkflow } from '../../examples/02-trip/trip.ts'
import { OrderWorkflow } from '../../examples/03-order/order.ts'
import { openShop } from '../../examples/03-order/shop.ts'
import { DocumentsWorkflow } from '../../examples/04-documents/documents.ts'
import { ApprovalWorkflow } from '../../examples/05-approval/approval.ts'
import { githubAt, startGitHub } from '../../examples/06-router/github.ts'
import { RouterWorkflow } from '../../examples/06-router/router.ts'
import { JudgeWorkflow } from '../../examples/07-judge/judge.ts'
import { PostsWorkflow } from '../../examples/08-posts/posts.ts'
import { RetrievalWorkflow } from '../../examples/09-retrieval/answer.ts'
import { openLibrary } from '../../examples/09-retrieval/library.ts'
import { offline } from '../support/offline-llm.ts'

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const DOCUMENTS = folder('examples/04-documents/documents')
const POSTS = folder('examples/08-posts/posts')
const PAGES = folder('machines/promoter/pages')
const trip = { from: 'Vienna', to: 'Lisbon', day: '2026-05-02', nights: 3 }
const by = (id: string, ...roles: string[]) => ({ name: 'approve', payload: {}, as: { id, roles } })

type Drills = Readonly<Record<string, () => Promise<DrillReport>>>
const drills: Drills = {
  refine: async () => {
    await using made = await offline()
    const { llm } = made
    return drill(RefineWorkflow, { input: { question: 'What is a machine?' }, resources: () => ({ llm }) })
  },
  'a trip that is undone': () => {
    const world = () => openAgency(/^hotel in Lisbon/, () => undefined)
    const effects = ({ booked }: ReturnType<typeof world>) => new Map(booked)
    return drill(TripWorkflow, { input: trip, world, resources: (agency) => ({ agency }), effects })
  },
  order: () => {
    const order = { order: 'A-1', email: 'ada@example.org', sku: 'tea-pot', count: 1, cents: 39_00 }
    const input = { ...order, card: '4000056655665556', country: 'AT' }
    return drill(OrderWorkflow, { input, resources: () => ({ shop: openShop(() => undefined) }) })
  },
  documents: async () => {
    await using made = await offline()
    const { llm } = made
    const input = { folder: DOCUMENTS, files: readdirSync(DOCUMENTS).sort().slice(0, 4) }
    return drill(DocumentsWorkflow, { input, resources: () => ({ llm }) })
  },
  'an approval by two': () =>
    drill(ApprovalWorkflow, {
      input: { what: 'chairs', euros: 900, asks: 'tom' },
      signals: [by('mia', 'manager'), by('noa', 'finance')],
      resources: () => ({ mail: () => undefined }),
    }),
  'an approval that nobody gives': () =>
    drill(ApprovalWorkflow, {
      input: { what: 'chairs', euros: 900, asks: 'tom' },
      resources: () => ({ mail: () => undefined }),
    }),
  router: async () => {
    await using made = await offline()
    await using local = await startGitHub()
    const input = { sentence: 'How many stars and contributors does the repository statelyai/xstate have?' }
    const resources = () => ({ llm: made.llm, github: githubAt(local.url) })
    return drill(RouterWorkflow, { input, resources })
  },
  judge: async () => {
    await using made = await offline()
    const { llm } = made
    return drill(JudgeWorkflow, { input: { brief: 'Write about bees.' }, resources: () => ({ llm }) })
  },
  posts: () => {
    const post = { title: 'Baker', place: 'Graz', salary: 2_600, per: 'month', start: '2027-01-07' }
    const llm = { extract: async () => ({ ...post, contact: 'jobs@example.org' }) } as unknown as Llm
    const input = { folder: POSTS, files: readdirSync(POSTS).sort() }
    return drill(PostsWorkflow, { input, resources: () => ({ llm }) })
  },
  retrieval: async () => {
    await using made = await offline()
    const library = await openLibrary(DOCUMENTS)
    const input = { question: 'How do owls fly without a sound?' }
    return drill(RetrievalWorkflow, { input, resources: () => ({ llm: made.llm, library }) })
  },
  promoter: async () => {
    await using made = await offline()
    const file =
      readdirSync(PAGES)
        .sort()
        .find((name) => name.endsWith('.html')) ?? ''
    return drill(PromoterWorkflow, {
      input: { file },
      world: () => new Map<string, string>(),
      resources: (sent) => ({
        llm: made.llm,
        fetchPage: (name) => readFile(`${PAGES}/${name}`, 'utf8'),
        deliver: async (key, to) => (sent.set(key, to), 'mail.eml'),
      }),
    })
  },
}

describe('every example and ready-made machine passes the drill', () => {
  it.each(Object.keys(drills))('%s', async (name) => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const report = (await drills[name]?.()) as DrillReport
    vi.restoreAllMocks()
    expect(report.passed, drillText(report)).toBe(true)
    expect(report.trials.length).toBe(report.boundaries)
    expect(report.varies).toEqual([])
  })
})
