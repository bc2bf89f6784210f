import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'
import { contentFixture } from '../tasks/platforms/content-fixture.ts'
import { type Home, homeAt } from '../tasks/platforms/home.ts'
import { sourceOf } from '../tasks/platforms/local/bakery.ts'
import { baseFiles } from '../tasks/platforms/local/images.ts'
import { instanceFiles } from '../tasks/platforms/local/instances.ts'
import { operatorKey } from '../tasks/platforms/operator-key.ts'
import { recipeFor } from '../tasks/platforms/recipe.ts'

export interface GroupParts {
  /** The port of its load balancer. */
  readonly port?: number
  readonly release?: string
  readonly httpPort?: number
  readonly sshPort?: number
  /** The instance's console output. */
  readonly console?: string
}

/** The one instance of the group. */
export const instanceId = 'i-0123456789ab'

/**
 * A home in a folder that everybody may pass, with a key, an image and a group of one instance. Its machine is a process that does
 * nothing; whatever answers at its ports is the test's own.
 */
export async function homeWithGroup(t: Test, parts: GroupParts = {}): Promise<Home> {
  const { port = 18_099, release = '1.0.0', httpPort = 1, sshPort = 1, console = '' } = parts
  const around = mkdtempSync(join(tmpdir(), 'bakeroll-group-'))
  t.teardown(() => rmSync(around, { recursive: true }))
  chmodSync(around, 0o755)
  const home = homeAt(join(around, '.bakeroll'))
  const group = join(home.groups, 'timeapp')
  const files = instanceFiles(group, instanceId)
  const write = (file: string, content: object | string) => {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    if (!existsSync(file)) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  const startedAt = '2026-01-01T00:00:00.000Z'
  const image = { id: 'image', release, createdAt: startedAt, verified: true, contentHash: 'x', base: 'b', digests: {} }
  write(join(home.images, 'image', 'image.json'), image)
  write(join(home.images, 'image', 'disk.qcow2'), '')
  write(join(group, 'group.json'), { imageId: 'image', size: 1, port })
  const record = { id: instanceId, imageId: 'image', release, host: '127.0.0.1', httpPort, sshPort, startedAt }
  write(files.record, { ...record, draining: false })
  write(files.console, console)
  await operatorKey(home)
  const machine = spawn('tail', ['-f', files.console, files.pidFile], { stdio: 'ignore' })
  t.teardown(() => machine.kill())
  write(files.pidFile, String(machine.pid))
  return home
}

/** Lays a base layer without content into a home, the one that a bake of `archive` takes for its own. */
export async function layBase(home: Home, archive: string): Promise<void> {
  const content = await contentFixture('1.0.0', { service: { archive } })
  const { base } = recipeFor(content, sourceOf({ suite: 'bookworm', diskGib: 4, content }))
  const { folder, disk } = baseFiles(home, `${base}-20260101000000`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '1M'])
}
