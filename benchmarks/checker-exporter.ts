import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { execa } from 'execa'
import { type Cost, median } from './checker-meter.ts'
import {
  cpuSecondsOf,
  memoryOf,
  program,
  type Server,
  startBlackboxExporter,
  startExporter,
} from './checker-servers.ts'

/** As many at a time as the checker itself. */
const atOnce = 16

/** Lets curl request every URL from an exporter, and measures the exporter. */
export async function probeAll(
  exporter: Server,
  folder: string,
  urls: readonly string[],
  query = '',
  path = '',
): Promise<Cost> {
  const file = join(folder, 'curl')
  const probes = urls.map((url) => `url = "http://127.0.0.1:${exporter.port}/probe?${query}target=${url}${path}"`)
  await writeFile(file, `${probes.map((line) => `${line}\noutput = /dev/null`).join('\n')}\n`)
  const before = cpuSecondsOf(exporter.pid)
  const beganAt = performance.now()
  await execa(program('curl', 'curl'), ['-fsSZ', '--parallel-max', String(atOnce), '-K', file])
  const wallSeconds = (performance.now() - beganAt) / 1000
  return {
    wallSeconds,
    stdout: '',
    cpuSeconds: cpuSecondsOf(exporter.pid) - before,
    memoryMib: memoryOf(exporter.pid).mostMib,
  }
}

/** The cost of one exporter for all URLs, medians. */
export interface ExporterCost {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly memoryMib: number
}

type Exporters = 'blackbox' | 'oneSample' | 'usual' | 'trusting'

/**
 * Several exporters in turn. blackbox_exporter sends each service one request and reads no clock; ours requests the version and the
 * time: once with `--samples 1`, five times as by default, and once with `--ca`.
 */
export async function measureExporters(
  bundle: string,
  folder: string,
  urls: readonly string[],
): Promise<Record<Exporters, ExporterCost>> {
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, rootCertificates[0] ?? '')
  const servers: Record<Exporters, Server> = {
    blackbox: await startBlackboxExporter(folder),
    oneSample: await startExporter(bundle, '--samples', '1'),
    usual: await startExporter(bundle),
    trusting: await startExporter(bundle, '--samples', '1', '--ca', ca),
  }
  const costs: Record<Exporters, Cost[]> = { blackbox: [], oneSample: [], usual: [], trusting: [] }
  try {
    for (let round = 0; round < 11; round++) {
      for (const [name, server] of Object.entries(servers) as [Exporters, Server][]) {
        const words = name === 'blackbox' ? (['module=http_2xx&', '/now'] as const) : []
        costs[name].push(await probeAll(server, folder, urls, ...words))
      }
    }
  } finally {
    for (const server of Object.values(servers)) await server.stop()
  }
  // The first round includes compiling the code.
  const of = (name: Exporters): ExporterCost => {
    const [, ...warm] = costs[name]
    return {
      wallSeconds: median(warm.map(({ wallSeconds }) => wallSeconds)),
      cpuSeconds: median(warm.map(({ cpuSeconds }) => cpuSeconds)),
      memoryMib: median(warm.map(({ memoryMib }) => memoryMib)),
    }
  }
  return { blackbox: of('blackbox'), oneSample: of('oneSample'), usual: of('usual'), trusting: of('trusting') }
}
