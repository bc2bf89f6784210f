/**
 * Measures a user's own service on this computer: examples/httpbin, in its own repository, with the package as npm
 * installs it. Compares bakes of a 20 kB change, its `release` in place with bake and roll, and the same service in one layer, which
 * is transferred whole. Takes twenty minutes under plain emulation, and writes benchmarks/results/own-service.md and own-service.json.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { measurements, port, repository, seconds } from './measurements.ts'

const project = join(mkdtempSync(join(tmpdir(), 'bakeroll-benchmark-')), 'shop')
const { record, write } = measurements()
const run = (program: string, ...words: string[]) =>
  execa(program, words, {
    cwd: project,
    env: { BAKEROLL_LOCAL_PORT: String(port), NODE_OPTIONS: '' },
    stdin: 'ignore',
  })
const verb = (...words: string[]) => seconds(() => run('npx', 'bakeroll', ...words, '--json'))

/** A programmer's change: 20 kB in the top layer, incompressible. */
function change(): void {
  appendFileSync(join(project, 'app/wsgi.py'), `\n# ${randomBytes(10_000).toString('hex')}\n`)
}

/** From the next bake on, the image has one layer, which differs in each release. */
function inOneLayer(): void {
  const script = join(project, 'build.sh')
  const whole = `rm -rf build/whole && mkdir build/whole && tar -xf build/system.tar -C build/whole --exclude=./dev
cp -r build/packages/. build/own/. build/whole
`
  const text = readFileSync(script, 'utf8')
    .replace('\npython3 "$archive"', `\n${whole}python3 "$archive"`)
    .replace('--layer build/system.tar --layer build/packages --layer build/own', '--layer build/whole')
  writeFileSync(script, text)
}

try {
  cpSync(join(repository, 'examples/httpbin'), project, { recursive: true })
  cpSync(join(repository, 'examples/archive.py'), join(project, 'archive.py'))
  const { stdout } = await execa('sh', ['tasks/run.sh', 'pack', '--json'], { cwd: repository })
  await run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', JSON.parse(stdout).file)
  record('first bake: Debian, base layer, release, tested', await verb('bake', '--release', '1.0.0'))
  await verb('deploy', '--size', '2')
  change()
  record('bake of a change of 20 kB, tested', await verb('bake', '--release', '1.1.0'), 100)
  await verb('roll')
  change()
  const inPlace = await verb('release', '--release', '1.2.0')
  record('release of a change of 20 kB to two instances', inPlace)
  change()
  const baked = await verb('bake', '--release', '1.3.0')
  record('bake of the same kind of change', baked)
  const rolled = await verb('roll')
  record('roll to it', rolled)
  record('release / bake and roll', inPlace / (baked + rolled), 1 / 3, '')
  inOneLayer()
  await verb('bake', '--release', '2.0.0')
  change()
  record('bake of the same kind of change, image in one layer', await verb('bake', '--release', '2.1.0'))
  process.stdout.write(write('own-service'))
} finally {
  await run('npx', 'bakeroll', 'destroy', '--yes', '--images')
  rmSync(join(project, '..'), { recursive: true, force: true })
}
