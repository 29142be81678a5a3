import type { RedisClientType } from '@keyv/redis'

/** Reads the settings that decide what a crash of the server takes along, and says so in plain words. */
export async function durabilityWarnings(client: RedisClientType, name: string): Promise<readonly string[]> {
  let config: Record<string, string>
  try {
    config = { ...(await client.configGet('append*')), ...(await client.configGet('maxmemory-policy')) }
  } catch (error) {
    if (!(error instanceof Error) || !/unknown command|NOPERM/i.test(error.message)) throw error
    return [`${name}: CONFIG is not allowed, so it is not known what a crash of the server would lose`]
  }
  const warnings: string[] = []
  if (config['appendonly'] !== 'yes') {
    warnings.push(
      `${name}: appendonly is off, so a crash of the server loses everything since its last snapshot; set appendonly yes`,
    )
  } else if (config['appendfsync'] === 'no') {
    warnings.push(
      `${name}: appendfsync is no, so a power cut may lose what the system had not yet written; set appendfsync everysec or always`,
    )
  }
  const policy = config['maxmemory-policy'] ?? 'noeviction'
  if (policy !== 'noeviction') {
    warnings.push(
      `${name}: maxmemory-policy is ${policy}, so a full server silently drops runs; set maxmemory-policy noeviction`,
    )
  }
  return warnings
}
