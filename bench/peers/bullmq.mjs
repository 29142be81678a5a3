// One job for each run; a step is an update of the job's data.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { datum } from '../../dist-bench/bench/workflows.js'

export async function open(dir) {
  const port = await freePort()
  const fsync = process.env.APPENDFSYNC ?? 'everysec'
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', dir, '--save', '']
  const server = spawn('redis-server', [...args, '--appendonly', 'yes', '--appendfsync', fsync], {
    stdio: 'ignore',
  })
  await answers(port)
  const connection = { host: '127.0.0.1', port }
  const queue = new Queue('peer', { connection })
  const worker = new Worker(
    'peer',
    async (job) => {
      for (let i = 0; i < job.data.steps; i++) await job.updateData({ ...job.data, ...datum(i, 0) })
    },
    { connection, concurrency: 64, maxStalledCount: 1_000 },
  )
  const ends = new Map()
  worker.on('completed', (job) => ends.get(job.id)?.())
  await worker.waitUntilReady()
  return {
    store: `redis ${fsync}`,
    redis: `redis://127.0.0.1:${port}`,
    async run(id, steps) {
      const ended = new Promise((resolve) => ends.set(id, resolve))
      await queue.add('run', { steps }, { jobId: id })
      await ended
    },
    async close() {
      await worker.close()
      await queue.close()
      server.kill()
    },
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  return port
}

async function answers(port) {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1')
    const connected = await once(socket, 'connect').catch(() => undefined)
    socket.destroy()
    if (connected) return
    await sleep(50)
  }
}
