// needs: ansible-playbook, ps, ssh, .venv/mitogen
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import type { Progress } from '../lib/progress.ts'
import { silentProgress } from '../terminal/progress.ts'
import { knowsAnsible, mitogenEnvironment, mitogenPlace } from './mitogen.ts'
import { venvPlace } from './python-venv.ts'
import { copyingPython } from './venv-fixture.ts'

const warnings: string[] = []
const progress: Progress = { ...silentProgress(), warn: (line) => warnings.push(line) }

t.beforeEach(() => {
  warnings.length = 0
  delete process.env['ANSIBLE_STRATEGY']
})

t.test('knows which versions of Ansible Mitogen supports', async (t) => {
  const cases: [version: string, known: boolean][] = [
    ['ansible-playbook [core 2.9.27]', false],
    ['ansible-playbook [core 2.10.0]', true],
    ['ansible-playbook [core 2.14.18]\n  config file = None', true],
    ['ansible-playbook [core 2.21.1]', true],
    ['ansible-playbook [core 2.22.0rc1]', false],
    ['ansible-playbook 2.9.6', false],
    ['', false],
  ]
  for (const [version, known] of cases) t.equal(knowsAnsible(version), known, version)
})

t.test('runs every task in one Python', async (t) => {
  const folder = t.testdir()
  const parent = (file: string) => ({
    'ansible.builtin.shell': `ps -o ppid= -p $PPID > ${join(folder, file)}; echo $PPID >> ${join(folder, file)}`,
  })
  const play = [{ hosts: 'all', gather_facts: false, tasks: [parent('first'), parent('second')] }]
  writeFileSync(join(folder, 'play.json'), JSON.stringify(play))
  const playbook = async (env: Record<string, string>) => {
    const argv = ['--inventory=localhost,', '--connection=local', join(folder, 'play.json')]
    const { exitCode, all } = await execa('ansible-playbook', argv, { env, all: true, reject: false })
    t.equal(exitCode, 0, all)
    return ['first', 'second'].map((file) => readFileSync(join(folder, file), 'utf8'))
  }
  const [first, second] = await playbook(await mitogenEnvironment(progress))
  t.same(warnings, [])
  t.equal(first, second)
  const [alone, other] = await playbook({})
  t.not(alone, other, 'Ansible without Mitogen')
})

t.test('keeps a strategy that is already set', async (t) => {
  process.env['ANSIBLE_STRATEGY'] = 'free'
  t.same(await mitogenEnvironment(progress), {})
})

t.test('falls back to plain Ansible when Mitogen cannot be installed', async (t) => {
  const folder = t.testdir({ 'requirements.txt': 'no-such-package-of-bakeroll==1\n' })
  const requirements = join(folder, 'requirements.txt')
  const place = { ...mitogenPlace(folder), requirements, python: copyingPython(folder, mitogenPlace().folder) }
  t.same(await mitogenEnvironment(progress, undefined, place), {})
  t.match(warnings, [/^without Mitogen Ansible takes longer: .*no-such-package-of-bakeroll==1$/])
})

t.test('a stop during installation is an interruption', async (t) => {
  const place = { ...venvPlace('mitogen', t.testdir()), requirements: join(import.meta.dirname, '../../package.json') }
  await t.rejects(mitogenEnvironment(progress, AbortSignal.abort(), place), { kind: 'interrupted' } as never)
})
