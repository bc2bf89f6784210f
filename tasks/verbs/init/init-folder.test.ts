import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { parseCommandLine } from '../../settings/command-line.ts'
import { readSettings } from '../../settings/settings-reader.ts'
import { writeFolderImage } from '../../tools/container-archive/from-folders.ts'
import { findProgram } from '../../tools/system-packages.ts'
import type { Asked } from './config-text.ts'
import { planFolder, writeFiles } from './init-folder.ts'

const fullPath = process.env['PATH'] ?? ''

/** A folder with these files; on PATH are git, a shell and these programs alone. */
function folderOf(t: Test, files: Record<string, string>, programs: readonly string[] = ['docker']): string {
  // Node loads a path once.
  const top = mkdtempSync(join(t.testdir(), 'a blank '))
  const bin = join(top, 'bin')
  const folder = join(top, 'shop')
  for (const path of [bin, folder]) mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  for (const name of ['git', 'sh']) symlinkSync(findProgram(name, fullPath.split(':')) ?? '', join(bin, name))
  for (const name of programs) {
    writeFileSync(join(bin, name), '#!/bin/sh\n')
    chmodSync(join(bin, name), 0o755)
  }
  process.env['PATH'] = bin
  t.teardown(() => {
    process.env['PATH'] = fullPath
  })
  return folder
}

/** Writes the configuration, and reads it as a verb does. */
async function initialize(t: Test, folder: string, asked: Asked = {}) {
  const { files, draft } = await planFolder(folder, asked)
  writeFiles(folder, files)
  const surroundings = { env: {}, workingFolder: '/', project: folder }
  const { settings, problems, configFile } = await readSettings(parseCommandLine('bake', []), surroundings)
  t.same(problems, [], draft.text)
  const { default: config } = await import(pathToFileURL(configFile ?? '').href)
  return { settings, config, draft, written: files.map(({ name }) => name) }
}

const textIn = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8')

t.test('a Dockerfile is built by what is there, and its port and health path count', async (t) => {
  const dockerfile = 'FROM debian\nEXPOSE 8080 9090\nUSER root\nHEALTHCHECK CMD curl http://localhost:8080/up\n'
  const commands: [program: string, command: string][] = [
    ['docker', 'docker build -t shop . && docker save -o shop.tar shop'],
    ['podman', 'podman build -t shop . && rm -f shop.tar && podman save -o shop.tar shop'],
    ['buildah', 'buildah build -t shop . && rm -f shop.tar && buildah push shop docker-archive:shop.tar'],
  ]
  for (const [program, command] of commands) {
    const folder = folderOf(t, { Dockerfile: dockerfile }, [program])
    const { config, draft, written } = await initialize(t, folder)
    t.same(config, {
      group: 'shop',
      release: '0.1.0',
      service: { build: command, archive: 'shop.tar', port: 8080, healthPath: '/up' },
    })
    t.same(draft.missing, [], program)
    t.same(written, ['.gitignore', '.dockerignore', 'bakeroll.config.mts'])
    t.match(draft.text, /as Dockerfile says, which also exposes 9090/)
    t.match(draft.text, /runs as root/)
    t.equal(textIn(folder, '.dockerignore'), '.bakeroll/\n/shop.tar\n')
  }
  const { draft } = await initialize(t, folderOf(t, { Containerfile: 'FROM debian' }, []))
  t.same(draft.missing, [
    'docker, podman or buildah, which build Containerfile',
    'service.port: Containerfile exposes none; 8000 is a guess',
  ])
  t.match(draft.text, 'docker build -t shop -f Containerfile .')
})

t.test('an archive in the folder is the image, and tells its port', async (t) => {
  const folder = folderOf(t, { 'a.tar': 'none', 'backup.tgz': '', 'app.js': '' }, [])
  const image = { architecture: 'amd64', user: '', entryPoint: ['/x'], command: [], env: {} }
  const ports = [
    { port: 53, protocol: 'udp' as const },
    { port: 5000, protocol: 'tcp' as const },
  ]
  await writeFolderImage({ ...image, folders: [folder], ports }, join(dirname(folder), 'made.tar'))
  symlinkSync(join(dirname(folder), 'made.tar'), join(folder, 'image.tar'))
  const { config, draft, written } = await initialize(t, folder)
  t.match(config.service, { archive: 'image.tar', port: 5000, healthPath: '/' })
  t.same(draft.missing, [])
  t.match(draft.text, /runs as root/)
  t.same(written, ['.gitignore', 'bakeroll.config.mts'])
  t.equal(textIn(folder, '.gitignore'), '.bakeroll/\n', 'an archive that nothing here makes stays in git')
})

t.test('a folder with nothing to bake is told what is missing', async (t) => {
  const { config, draft } = await initialize(t, folderOf(t, { 'server.py': '' }))
  t.match(config.service, { archive: 'shop.tar', port: 8000 })
  t.same(draft.missing, [
    'the container image: there is neither a Dockerfile nor an archive here; docker save -o shop.tar IMAGE writes one',
  ])
})

t.test('group and release are those of package.json, git and the flags', async (t) => {
  const manifest = JSON.stringify({ name: '@acme/Web.Shop', version: '2.3.4', type: 'commonjs' })
  const node = await initialize(t, folderOf(t, { 'package.json': manifest }))
  t.match(node.settings, { group: 'web-shop', release: '2.3.4' })
  t.notMatch(node.draft.text, /import|satisfies/)

  const own = { 'package.json': '{"devDependencies": {"bakeroll": "1.0.0"}}' }
  const typed = await planFolder(folderOf(t, own), { group: "it's", platform: 'aws' })
  t.match(typed.draft.text, `import type { Config } from 'bakeroll'\n\nexport default {\n  platform: 'aws',\n`)
  t.match(typed.draft.text, /group: 'it\\'s',\n[\s\S]*\n\} satisfies Config\n$/)

  const folder = folderOf(t, { 'package.json': '{"version": "2.3.4"}', '.gitignore': 'node_modules' })
  const git = (...words: string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words], { cwd: folder })
  await git('init', '--quiet')
  t.equal((await planFolder(folder, {})).draft.text.includes('execFileSync'), false, 'no commit yet')
  await git('add', '.')
  await git('commit', '--quiet', '--message', 'first')
  await git('tag', '1.4.0')
  t.equal((await initialize(t, folder)).settings.release, '1.4.0')
  t.equal(textIn(folder, '.gitignore'), 'node_modules\n.bakeroll/\n')
})

t.test('a tag with a slash becomes a release', async (t) => {
  const folder = folderOf(t, { 'a.txt': '' })
  const git = (...words: string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words], { cwd: folder })
  await git('init', '--quiet')
  await git('add', '.')
  await git('commit', '--quiet', '--message', 'first')
  await git('tag', 'v1/2')
  t.equal((await initialize(t, folder)).settings.release, 'v1-2')
})

t.test('a line that is there in another spelling is not added', async (t) => {
  for (const line of ['.bakeroll', '/.bakeroll/', '**/.bakeroll/ ']) {
    const folder = folderOf(t, { '.gitignore': `a\n${line}` })
    t.same((await initialize(t, folder)).written, ['bakeroll.config.mts'], line)
    t.equal(textIn(folder, '.gitignore'), `a\n${line}`)
  }
})

t.test('a configuration is never overwritten, whatever its name', async (t) => {
  for (const suffix of ['mts', 'ts', 'mjs', 'js', 'cts', 'cjs']) {
    const name = `bakeroll.config.${suffix}`
    const folder = folderOf(t, { [name]: 'mine' })
    await t.rejects(planFolder(folder, {}), { kind: 'refused', message: new RegExp(`^${name} is there already`) })
    t.equal(textIn(folder, name), 'mine')
  }
  const folder = folderOf(t, {})
  const { files } = await planFolder(folder, {})
  symlinkSync('nowhere', join(folder, 'bakeroll.config.mts'))
  t.throws(() => writeFiles(folder, files), { kind: 'refused', message: /is there already/ })
  const blocked = folderOf(t, {})
  const plan = await planFolder(blocked, {})
  mkdirSync(join(blocked, '.gitignore'))
  t.throws(() => writeFiles(blocked, plan.files), { kind: 'failed', message: /cannot write .*\.gitignore: EISDIR/ })
  t.same(readdirSync(blocked), ['.gitignore'], 'the configuration comes last')
})

t.test('in the clone it is refused', async (t) => {
  const main = join(import.meta.dirname, '../../terminal/main.ts')
  const env = { PATH: fullPath, INIT_CWD: t.testdir({ 'a.txt': '' }) }
  const { exitCode, stderr } = await execa(process.execPath, [main, 'init'], { env, extendEnv: false, reject: false })
  t.equal(exitCode, 3)
  t.match(stderr, /this is a clone of bakeroll.*\nhint: {2}npm run pack makes the package/)
  t.same(readdirSync(env.INIT_CWD), ['a.txt'])
})
