import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'

const repository = join(import.meta.dirname, '..')

/** A word of our own that had a place in code, output or docs, and the field's word that took it (docs/architecture.md). */
const retired: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bturn(s|ed|ing)? (it )?round\b|turn(ed)?Round/i, 'roll back, rollback'],
  [/\bway back\b|wayBack/i, 'rollback'],
  [/evidence|(ever|as|why)Proven|provenSince|\bproven (instance|on the)/i, 'readiness, ready'],
  [/chronicle|RollJournal/i, 'event log, event sink'],
  [/\bblam(e|ed|es|ing)\b|hopeless|hindrance/i, 'failure policy'],
  [/(canary|pause|roll)Gate|gateOf\b|pause gate/i, 'checkpoint'],
  [/\bwish(es|ed)?\b|[a-z]Wish/i, 'spec'],
  [/\bstrays?\b|dead[- ]bakes?|removeStrays/i, 'orphan'],
  [/holdStill|allowLess/, 'suspendProcesses, lowerMinSize'],
  [/\boutlets?\b|[a-z]Outlet/i, 'formatter, channel'],
  [/happening(Of)?\b/i, 'event'],
  [/\berrands?\b|insistences?\b|\bsparingly\b|\bmortal\b|\bcensus\b|talkOf|agreeTo/i, 'the plain word'],
]

/** What was written at its time, what a tool recorded, and this list. */
const kept =
  /^(CHANGELOG\.md|docs\/decisions\/|benchmarks\/results\/|docs\/demo\.svg|docs\/.*\.cast|test\/words\.test\.ts)/

t.test('nothing is called by a word that was given up', async (t) => {
  const { stdout } = await execa('git', [
    '-C',
    repository,
    'ls-files',
    '*.ts',
    '*.md',
    '*.yaml',
    '*.yml',
    '*.mustache',
    '*.sh',
  ])
  const files = stdout.split('\n').filter((file) => !kept.test(file))
  t.ok(files.length > 500, `${files.length} files`)
  const found = files.flatMap((file) =>
    readFileSync(join(repository, file), 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const [word] = retired.filter(([pattern]) => pattern.test(line))
        return word ? [`${file}:${at + 1}: ${line.trim().slice(0, 100)} (${word[1]})`] : []
      }),
  )
  t.same(found, [])
})
