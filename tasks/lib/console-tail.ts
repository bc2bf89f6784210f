import type { Platform } from './platform.ts'

/** The last lines of an instance's console, to be put below a hint; empty when there is none to read. */
export async function consoleTail(platform: Platform, instanceId: string, lines = 8): Promise<string> {
  const output = await platform.consoleOutput(instanceId).catch(() => '')
  const tail = output.trimEnd().split('\n').slice(-lines).filter(Boolean)
  return tail.length > 0 ? `\nits console ends with:\n${tail.map((line) => `  ${line}`).join('\n')}` : ''
}
