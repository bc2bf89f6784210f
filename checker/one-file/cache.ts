import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** The code cache that V8 makes for one check of a healthy service, with the running Node. */
export async function compiledByCheck(file: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'bakeroll-build-'))
  const server = http.createServer(({ url }, response) => {
    response.end(url === '/now' ? new Date().toISOString() : '1.0.0')
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const [path, cache] = [join(folder, 'check.mjs'), join(folder, 'cache')]
    await writeFile(path, file)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await execa(process.execPath, [fileURLToPath(new URL('warm.ts', import.meta.url)), path, cache, url])
    return await readFile(cache)
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
