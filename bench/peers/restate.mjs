// A service whose handler runs n durable steps; the server is the one of the package, with its data in the folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import { datum } from '../../dist-bench/bench/workflows.js'

export async function open(dir) {
  const [ingress, admin, node, service] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const binary = createRequire(import.meta.url).resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  )
  const server = spawn(binary, ['--base-dir', dir], {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  })
  const peer = restate.service({
    name: 'peer',
    handlers: {
      run: async (context, steps) => {
        for (let i = 0; i < steps; i++) await context.run('step', () => datum(i, 0))
      },
    },
  })
  const quiet = () => undefined // it would print a line for each run
  await restate.endpoint().setLogger(quiet).bind(peer).listen(service)
  const post = async (url, body) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  }
  for (let tries = 0; ; tries++) {
    const deployment = { uri: `http://127.0.0.1:${service}` }
    const error = await post(`http://127.0.0.1:${admin}/deployments`, deployment).catch((reason) => reason)
    if (!error) break
    if (tries > 150) throw error
    await sleep(200)
  }
  return {
    store: 'restate-server',
    synchronous: 'full',
    run: (_, steps) => post(`http://127.0.0.1:${ingress}/peer/run`, steps),
    async close() {
      server.kill()
      await once(server, 'exit')
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
