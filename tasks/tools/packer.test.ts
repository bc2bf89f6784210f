import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { silentProgress } from '../terminal/progress.ts'
import {
  againWhenUnreachable,
  ansibleTask,
  buildArguments,
  connectionEnvironment,
  failureIn,
  type PackerBuild,
  packerBuild,
} from './packer.ts'

const build: PackerBuild = {
  template: '/repo/packer',
  only: 'qemu.machine',
  onError: 'cleanup',
  variables: { layer: 'base,release', name: 'a b', source_disk: '/h/x=y.qcow2' },
}

const same = (path: string) => path

t.test('the arguments of packer build', async (t) => {
  t.strictSame(buildArguments(build, same), [
    ...['build', '-color=false', '-on-error=cleanup', '-only=qemu.machine'],
    ...['-var', 'layer=base,release', '-var', 'name=a b', '-var', 'source_disk=/h/x=y.qcow2'],
    '/repo/packer',
  ])
  t.ok(buildArguments({ ...build, onError: 'abort' }, same).includes('-on-error=abort'))
  const plain = (path: string) => path.replace('/h/', '/plain/').replace('/repo/', '/clone/')
  t.strictSame(buildArguments(build, plain).slice(-2), ['source_disk=/plain/x=y.qcow2', '/clone/packer'])
})

t.test("reports Ansible's tasks as progress", async (t) => {
  const cases: [line: string, task: string | undefined][] = [
    ['    qemu.machine: TASK [nginx : Install nginx] *****', 'nginx : Install nginx'],
    ['    qemu.machine: TASK [Gathering Facts] ****', 'Gathering Facts'],
    ['    qemu.machine: PLAY [all] ****', undefined],
    ['    qemu.machine: ok: [default]', undefined],
    ['==> qemu.machine: Waiting for SSH to become available...', undefined],
    ['', undefined],
  ]
  for (const [line, task] of cases) t.equal(ansibleTask(line), task, line)
})

t.test('finds the most telling line of a failure', async (t) => {
  const fatal = 'fatal: [default]: FAILED! => {"msg": "No package matching nginx"}'
  const cases: [what: string, output: string[], expected: string][] = [
    ['nothing', [], 'no reason given'],
    ['only chatter', ['==> qemu.machine: Starting'], 'no reason given'],
    [
      'of Ansible, before what Packer makes of it',
      [`    qemu.machine: ${fatal}`, '==> qemu.machine: Error executing Ansible: exit status 2'],
      fatal,
    ],
    [
      'of Packer: the last',
      ['==> qemu.machine: error one', '==> qemu.machine: Timeout waiting for SSH. error two', '==> Builds finished'],
      'Timeout waiting for SSH. error two',
    ],
    [
      'of the template',
      ['Error: Unset variable "layer"', '', 'A used variable must be set'],
      'Error: Unset variable "layer"',
    ],
    [
      'of the test of an image',
      [
        '    amazon-ebsvolume.test: verify: failed units: chrony.service',
        '==> amazon-ebsvolume.test: Error: exit status 1',
      ],
      'verify: failed units: chrony.service',
    ],
    [
      'of the builder, above the headings',
      [
        "Build 'qemu.machine' errored after 6 milliseconds: error downloading ISO: [url parse: invalid URL escape]",
        "==> Some builds didn't complete successfully and had errors:",
        '--> qemu.machine: error downloading ISO: [url parse: invalid URL escape]',
        '',
        '==> Builds finished but no artifacts were created.',
      ],
      'error downloading ISO: [url parse: invalid URL escape]',
    ],
    [
      'of the builder, where the list says nothing',
      [
        '==> qemu.machine: Error waiting for SSH: context canceled',
        "Build 'qemu.machine' errored after 5 seconds: Build was halted.",
        "==> Some builds didn't complete successfully and had errors:",
        '--> qemu.machine: Build was halted.',
      ],
      'Error waiting for SSH: context canceled',
    ],
    [
      'of Ansible before its first task',
      [
        '    qemu.machine: ERROR! failed at splitting arguments, either an unbalanced jinja2 block or quotes',
        '==> qemu.machine: Provisioning step had errors: Running the cleanup provisioner, if present...',
        '--> qemu.machine: Error executing Ansible: Non-zero exit status: exit status 4',
      ],
      'ERROR! failed at splitting arguments, either an unbalanced jinja2 block or quotes',
    ],
    [
      'an exit code where there is nothing better',
      ['--> qemu.machine: Error executing Ansible: Non-zero exit status: exit status 4'],
      'Error executing Ansible: Non-zero exit status: exit status 4',
    ],
    ['a long one is cut', [`    qemu.machine: fatal: ${'x'.repeat(1000)}`], `fatal: ${'x'.repeat(393)}`],
  ]
  for (const [what, output, expected] of cases) t.equal(failureIn(output.join('\n')), expected, what)
})

/** Puts a `packer` first on PATH until the test ends, and returns a run with a log beside it. */
async function standIn(t: Test, script: string) {
  const folder = t.testdir()
  await writeFile(join(folder, 'packer'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'packer'), 0o755)
  const { PATH } = process.env
  process.env.PATH = `${folder}${delimiter}${PATH}`
  t.teardown(() => {
    process.env.PATH = PATH
  })
  const stop = new AbortController()
  const tasks: string[] = []
  const logFile = join(folder, 'log')
  const paths = { of: same, scratchFolder: join(folder, 'tmp') }
  const onTask = (task: string) => void tasks.push(task)
  const run = { logFile, workFolder: folder, paths, signal: stop.signal, onTask }
  return { folder, logFile, run, stop, tasks, log: () => readFileSync(logFile, 'utf8') }
}

t.test('a run has its arguments, environment, log and progress', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { run, tasks, log } = await standIn(
    t,
    `echo "arguments: $*"; echo "  x: TASK [one : two] **"; echo "$CHECKPOINT_DISABLE $PACKER_CACHE_DIR $TMPDIR" >&2`,
  )
  await writeFile(run.logFile, 'what was there before\n')
  await packerBuild(build, { ...run, workFolder: folder })
  t.strictSame(tasks, ['one : two'])
  t.strictSame(log().split('\n').sort(), [
    '',
    '  x: TASK [one : two] **',
    `1 ${folder} ${run.paths.scratchFolder}`,
    `arguments: ${buildArguments(build, same).join(' ')}`,
    'what was there before',
  ])
})

t.test('a failure names its reason and its log, which has every line', async (t) => {
  const { run, logFile, log } = await standIn(
    t,
    `for i in $(seq 2000); do echo "line $i"; done; echo "    x: fatal: [default]: no"; echo "==> x: Error: 2" >&2; exit 1`,
  )
  await t.rejects(packerBuild(build, run), {
    kind: 'failed',
    message: 'packer failed: fatal: [default]: no',
    hint: `less ${logFile}`,
  })
  t.equal(log().trim().split('\n').length, 2002)
})

t.test('a failure is not reported with the lines of an earlier run in the same log', async (t) => {
  const { run, logFile } = await standIn(t, 'echo "==> x: Error: the disk is full"; exit 1')
  await writeFile(logFile, '    x: fatal: [default]: UNREACHABLE! => {"msg": "wéird"}\n')
  await t.rejects(packerBuild(build, run), { message: 'packer failed: Error: the disk is full' })
})

t.test('retries once when Ansible cannot reach the machine any more, and says so in one line', async (t) => {
  const unreachable = 'fatal: [default]: UNREACHABLE! => {"msg": "Connection timed out."}'
  const { run, folder } = await standIn(
    t,
    `echo x >> "$PACKER_CACHE_DIR/tries"; echo '    x: ${unreachable}'; [ "$(wc -l < "$PACKER_CACHE_DIR/tries")" -gt "$(cat "$PACKER_CACHE_DIR/failing")" ]`,
  )
  const warnings: string[] = []
  const progress = { ...silentProgress(), warn: (line: string) => void warnings.push(line) }
  const tries = () => readFileSync(join(folder, 'tries'), 'utf8').trim().split('\n').length
  await writeFile(join(folder, 'failing'), '1')
  await againWhenUnreachable(progress, () => packerBuild(build, run))
  t.equal(tries(), 2)
  t.same(warnings, [`once more: packer failed: ${unreachable}`])
  await writeFile(join(folder, 'failing'), '99')
  await t.rejects(
    againWhenUnreachable(progress, () => packerBuild(build, run)),
    { kind: 'failed' } as Error & { kind: string },
  )
  t.equal(tries(), 4, 'and not forever')
})

t.test('does not retry another failure', async (t) => {
  const { run, folder } = await standIn(t, 'echo x >> "$PACKER_CACHE_DIR/tries"; echo "x: fatal: no"; exit 1')
  await t.rejects(againWhenUnreachable(silentProgress(), () => packerBuild(build, run)))
  t.equal(readFileSync(join(folder, 'tries'), 'utf8'), 'x\n')
})

t.test("sets Ansible's connection timeout, unless it is already set", async (t) => {
  t.same(connectionEnvironment(120), { ANSIBLE_TIMEOUT: '120' })
  process.env['ANSIBLE_TIMEOUT'] = '7'
  t.teardown(() => {
    delete process.env['ANSIBLE_TIMEOUT']
  })
  t.same(connectionEnvironment(120), {})
})

t.test('a stop sends one signal and waits for the clean-up', async (t) => {
  const { run, stop, folder, log } = await standIn(
    t,
    `trap 'echo "signal" >> "$PACKER_CACHE_DIR/signals"; stop=1' TERM INT HUP
echo '  x: TASK [wait : here] **'
until [ "$stop" ]; do sleep 0.05; done
echo 'cleaning up'; sleep 0.3; echo 'builder gone'; touch "$PACKER_CACHE_DIR/gone"; exit 1`,
  )
  const onTask = () => stop.abort()
  await t.rejects(packerBuild(build, { ...run, onTask }), { kind: 'interrupted' } as Error & { kind: string })
  t.ok(existsSync(join(folder, 'gone')), 'packer had time to clean up')
  t.equal(readFileSync(join(folder, 'signals'), 'utf8'), 'signal\n')
  t.match(log(), /TASK \[wait : here\][\s\S]*builder gone/)
})

t.test("passes on lines without Packer's prefix, sets and unsets variables, writes the process id", async (t) => {
  process.env['AWS_PROFILE'] = 'mine'
  t.teardown(() => {
    delete process.env['AWS_PROFILE']
  })
  const { run, folder } = await standIn(
    t,
    'echo "    x.y: bakeroll-clock 1"; echo "==> x.y: $AWS_REGION $(printenv AWS_PROFILE || echo none)"; until [ -s "$PACKER_CACHE_DIR/pid" ]; do sleep 0.05; done; cat "$PACKER_CACHE_DIR/pid"; echo " $$"',
  )
  const lines: string[] = []
  const onLine = (line: string) => void lines.push(line)
  const env = { AWS_REGION: 'eu-central-1', AWS_PROFILE: undefined }
  await packerBuild(build, { ...run, onLine, env, pidFile: join(folder, 'pid') })
  t.strictSame(lines.slice(0, 2), ['bakeroll-clock 1', 'eu-central-1 none'])
  t.match(lines[2], /^(\d+) \1$/)
})

t.test('a stop before the start starts nothing', async (t) => {
  const { run, stop, folder } = await standIn(t, 'touch "$PACKER_CACHE_DIR/started"')
  stop.abort()
  await t.rejects(packerBuild(build, run), { kind: 'interrupted' } as Error & { kind: string })
  t.notOk(existsSync(join(folder, 'started')))
})

t.test('without Packer, says that it is not installed', async (t) => {
  const { run, folder } = await standIn(t, '')
  process.env.PATH = join(folder, 'nowhere')
  await t.rejects(packerBuild(build, run), {
    kind: 'failed',
    message: 'packer is not installed',
    hint: 'npm run doctor',
  })
})
