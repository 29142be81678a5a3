import { createEngine, type EngineOptions } from '../../src/index.ts'
import { Client } from './client.ts'

const opened: { close(): unknown }[] = []

/** Closes what was opened for a test, the newest first. */
export async function closeAll(): Promise<void> {
  for (const it of opened.splice(0).reverse()) await it.close()
}

/** An engine whose runs are inspected. Everything is closed after the test by {@link closeAll}. */
export async function inspected(options: Partial<EngineOptions> & Pick<EngineOptions, 'workflows'>) {
  const warnings: string[] = []
  const engine = createEngine({
    inspect: true,
    onWarning: (message: string) => warnings.push(message),
    ...options,
  } as EngineOptions)
  await engine.open()
  opened.push(engine)
  /** Connects with words in the address, such as `run=r1`. */
  const connect = async (words = ''): Promise<Client> => {
    const url = new URL(engine.inspectUrl ?? '')
    for (const [key, value] of new URLSearchParams(words)) url.searchParams.set(key, value)
    const client = await Client.connect(url.href)
    opened.push(client.socket)
    return client
  }
  return { engine, connect, warnings }
}
