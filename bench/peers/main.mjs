// `npm run peers -- NAME... [--small]`: W1 and W2 of another engine beside our floor, in turns in the same run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { floorRun, rawRedis, rawSqlite } from '../../dist-bench/bench/floor.js'
import { datum } from '../../dist-bench/bench/workflows.js'

const peers = ['bullmq', 'langgraph', 'mastra', 'restate', 'dbos']
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { small: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !peers.includes(name))
if (unknown.length > 0 || positionals.length === 0) {
  console.error(`name one of ${peers.join(', ')}`)
  process.exit(2)
}
const workloads = values.small
  ? [
      { name: 'sequential', runs: 1, steps: 50, rounds: 1 },
      { name: 'short-runs', runs: 20, steps: 5, rounds: 1 },
    ]
  : [
      { name: 'sequential', runs: 1, steps: 1_000, rounds: 3 },
      { name: 'short-runs', runs: 1_000, steps: 5, rounds: 3 },
    ]

for (const name of positionals) {
  const dir = mkdtempSync(join(tmpdir(), `stepwright-peer-${name}-`))
  const peer = await (await import(`./${name}.mjs`)).open(dir)
  for (const workload of workloads) {
    const [theirs, floor] = [[], []]
    for (let round = 0; round <= workload.rounds; round++) {
      const raw = await rawOf(peer, join(dir, `floor-${workload.name}-${round}.db`))
      floor.push(await perSecond(workload, (i) => floorRun(raw, `k${i}`, workload.steps, (n) => datum(n, 0))))
      await raw.close()
      theirs.push(
        await perSecond(workload, (i) => peer.run(`${workload.name}-${round}-${i}`, workload.steps)),
      )
    }
    const [value, base] = [median(theirs.slice(1)), median(floor.slice(1))] // the first round warms up
    console.log(
      `${workload.name.padEnd(10)}  ${name.padEnd(9)}  ${peer.store.padEnd(24)}  ${value.toFixed(0).padStart(6)} steps/s  floor ${base.toFixed(0).padStart(6)}  ratio ${(value / base).toFixed(2)}`,
    )
  }
  await peer.close()
  rmSync(dir, { recursive: true, force: true })
}
process.exit(0)

function rawOf({ redis, synchronous }, path) {
  return redis ? rawRedis(redis) : rawSqlite(path, synchronous)
}

/** Steps per second of all runs, 64 at once. */
async function perSecond({ runs, steps }, one) {
  let next = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: Math.min(64, runs) }, async () => {
      while (next < runs) await one(next++)
    }),
  )
  return (runs * steps * 1e3) / (performance.now() - began)
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
