import { digestPattern } from './digest.ts'
import type { ContainerImage, ExposedPort } from './image.ts'
import { quoted } from './tar-members.ts'

/** What the config alone determines: everything but the image's id and the sizes of its layers. */
export interface ImageConfig extends Omit<ContainerImage, 'id' | 'layers'> {
  readonly diffIds: readonly string[]
}

/** A fault of a config, worded to follow "its config". */
export class ConfigFault extends Error {}

/** Parses a config (OCI image specification, config.md); Docker's own does not differ in the parts read here. */
export function parseConfig(json: unknown): ImageConfig {
  const image = record(json, 'is no JSON object')
  const rootfs = record(image['rootfs'], 'names no layers: it is no image, or one from before Docker 1.10')
  const diffIds = words(rootfs['diff_ids'], 'rootfs.diff_ids')
  const wrong = diffIds.find((id) => !digestPattern.test(id))
  if (wrong !== undefined)
    throw new ConfigFault(`names a layer ${quoted(wrong)}, not sha256: and 64 hexadecimal digits`)
  assertHistory(image['history'], diffIds.length)
  const run = record(image['config'] ?? {}, 'has a "config" that is no object')
  return {
    diffIds,
    architecture: word(image['architecture'], 'architecture'),
    os: word(image['os'], 'os'),
    ports: Object.keys(record(run['ExposedPorts'] ?? {}, 'has ExposedPorts that are no object')).map(exposedPort),
    user: word(run['User'] ?? '', 'config.User'),
    entryPoint: words(run['Entrypoint'] ?? [], 'config.Entrypoint'),
    command: words(run['Cmd'] ?? [], 'config.Cmd'),
    envNames: words(run['Env'] ?? [], 'config.Env').map((text) => text.split('=', 1)[0] ?? ''),
  }
}

/** `docker load` refuses this as well, but only after the layers have been transferred. */
function assertHistory(history: unknown, layers: number): void {
  if (!Array.isArray(history)) return
  const filled = history.filter((step) => step?.empty_layer !== true).length
  if (filled > layers) throw new ConfigFault(`has a history of ${filled} layers, but names ${layers}`)
}

function exposedPort(text: string): ExposedPort {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65535)) throw new ConfigFault(`exposes ${quoted(text)}, which is no port such as 8000/tcp`)
  return { port, protocol: protocol as ExposedPort['protocol'] }
}

function record(value: unknown, fault: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ConfigFault(fault)
}

function word(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new ConfigFault(`has no text as ${name}`)
}

function words(value: unknown, name: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new ConfigFault(`has no list of texts as ${name}`)
}
