import { join } from 'node:path'
import { test } from 'tap'
import type { Progress } from '../lib/progress.ts'
import { type Gate, lintGates, shellcheckCommands, shellScripts } from './lint-gates.ts'
import { runGates } from './lint-run.ts'

const repository = join(import.meta.dirname, '../..')

function gate(name: string): Gate {
  const found = lintGates.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no gate ${name}`)
  return found
}

test('finds shell scripts by suffix and by first line', async (t) => {
  const folder = t.testdir({
    '.ci': { run: '#!/usr/bin/env bash\n' },
    ansible: {
      roles: { identity: { files: { identify: '#!/bin/sh\n', unit: '[Unit]\n', 'a.service': '#!/bin/sh\n' } } },
    },
    node_modules: { other: { 'x.sh': '' } },
    packer: { 'seal.sh': '' },
    tasks: { python: '#!/usr/bin/python3\n', push: 'shush\n' },
    LICENSE: 'a dash of sh\n',
  })
  t.strictSame(await shellScripts(folder), ['.ci/run', 'ansible/roles/identity/files/identify', 'packer/seal.sh'])
})

test('finds the scripts of this repository', async (t) => {
  const scripts = await shellScripts(repository)
  t.ok(scripts.includes('tasks/run.sh'))
  t.ok(scripts.includes('.ci/run'))
  t.notOk(scripts.some((path) => path.includes('node_modules')))
})

test('the commands of the gates', async (t) => {
  t.strictSame(shellcheckCommands(['a.sh', 'b']), [['shellcheck', '--external-sources', '--color=never', 'a.sh', 'b']])
  t.strictSame(shellcheckCommands([]), [])
  const empty = t.testdir({ cloudformation: {} })
  t.strictSame(await gate('cfn-lint').commands(empty, ''), [], 'no template, nothing to check')
  t.strictSame(await gate('checkov').commands(empty, ''), [])
  const folder = t.testdir({ cloudformation: { 'service.yaml': '', 'network.yaml': '', 'notes.md': '' } })
  t.strictSame(await gate('cfn-lint').commands(folder, ''), [
    ['cfn-lint', '--format=parseable', '--', 'cloudformation/network.yaml', 'cloudformation/service.yaml'],
  ])
  t.strictSame(await gate('checkov').commands(folder, ''), [
    ['checkov', '--skip-download', '--compact', '--quiet', '--framework=cloudformation', '--directory=cloudformation'],
  ])
  t.strictSame(await gate('gixy').commands(repository, t.testdir()), [
    ...['example', 'plain', 'shop'].map((name) => ['gixy', '--format=text', join(t.testdirName, name, 'nginx.conf')]),
  ])
})

test('runs every gate, even after one has failed, and prints its output in full', async (t) => {
  const told: string[] = []
  const progress: Progress = {
    event: (message) => told.push(message),
    live() {},
    warn() {},
    step: (_, work) => work(),
  }
  const node = (name: string, script: string): Gate => ({
    name,
    commands: async () => [[process.execPath, '--eval', script]],
  })
  const results = await runGates(
    [
      node('bad', 'console.log("line 3 is wrong"); console.error("and line 4"); process.exit(1)'),
      node('good', 'console.log("noise")'),
      { name: 'none', commands: async () => [] },
      { name: 'absent', commands: async () => [['no-such-program-here']] },
      {
        name: 'elsewhere',
        folder: 'ansible',
        commands: async () => [
          [process.execPath, '--eval', 'process.exit(process.cwd().endsWith("/ansible") ? 0 : 1)'],
        ],
      },
    ],
    progress,
  )
  t.match(results, [
    { name: 'bad', outcome: 'failed', output: 'line 3 is wrong\nand line 4' },
    { name: 'good', outcome: 'passed', output: '' },
    { name: 'none', outcome: 'nothing', output: '' },
    { name: 'absent', outcome: 'failed', output: /no-such-program-here.*ENOENT/s },
    { name: 'elsewhere', outcome: 'passed' },
  ])
  t.match(told.sort(), [/^absent failed\n/, 'bad failed\nline 3 is wrong\nand line 4'])
})

test('an interrupted gate ends its program', async (t) => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 200)
  const progress: Progress = { event() {}, live() {}, warn() {}, step: (_, work) => work() }
  const slow: Gate = {
    name: 'slow',
    commands: async () => [[process.execPath, '--eval', 'setTimeout(() => {}, 60_000)']],
  }
  await t.rejects(runGates([slow], progress, controller.signal), { name: 'OperatorError', kind: 'interrupted' })
})
