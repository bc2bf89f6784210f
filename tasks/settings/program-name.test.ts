import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { asCalled, takeProgramName } from './program-name.ts'

const script = join(import.meta.dirname, '../../bakeroll')

t.test('words every command for the way the program was called', (t) => {
  const cases: [told: string, reworded: string][] = [
    ['npm run roll', './bakeroll roll'],
    ['npm run roll -- --batch 2', './bakeroll roll --batch 2'],
    ['npm run -s check -- --json', './bakeroll check --json'],
    [
      'npm run ssh -- --instance i-1 -- systemctl is-active nginx',
      './bakeroll ssh --instance i-1 -- systemctl is-active nginx',
    ],
    ['npm run destroy, then npm run deploy', './bakeroll destroy, then ./bakeroll deploy'],
    ['npm start -- --help lists every verb', './bakeroll --help lists every verb'],
    ['npm test -- checker/', './bakeroll test checker/'],
    ['BAKEROLL_TEST_AWS=yes npm run test:aws', 'BAKEROLL_TEST_AWS=yes ./bakeroll test:aws'],
    ['npm run VERB -- [flags]', './bakeroll VERB [flags]'],
    ['npm install', 'npm install'],
  ]
  for (const [told, reworded] of cases) t.equal(asCalled(told, './bakeroll'), reworded)
  t.equal(asCalled('npm run roll', undefined), 'npm run roll')
  t.end()
})

t.test('the name applies to this call only, and is quoted for the shell', (t) => {
  const env = { BAKEROLL_PROGRAM: './bakeroll' }
  t.equal(takeProgramName(env), './bakeroll')
  t.same(env, {})
  t.equal(takeProgramName({ BAKEROLL_PROGRAM: "/it's here/bakeroll" }), `'/it'\\''s here/bakeroll'`)
  t.equal(takeProgramName({}), undefined)
  t.end()
})

t.test('the script runs from any folder and through symlinks, and knows its name', async (t) => {
  const folder = t.testdir()
  await mkdir(join(folder, 'a b'))
  await symlink(script, join(folder, 'a b', 'bakeroll'))
  await symlink('a b/bakeroll', join(folder, 'br'))
  const call = (program: string, env: NodeJS.ProcessEnv = {}) =>
    execa(program, ['rol'], { cwd: folder, env, reject: false })
  t.match(await call('./a b/bakeroll'), { exitCode: 2, stderr: "hint:  './a b/bakeroll' --help lists every verb" })
  t.match(await call('./br'), { exitCode: 2, stderr: /rol: unknown verb.*\nhint: {2}\.\/br --help/ })
  t.match(await call('br', { PATH: `${folder}:${process.env['PATH']}` }), { stderr: /hint: {2}br --help/ })
})
