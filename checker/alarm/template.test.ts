import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemOf } from '../fixtures/options.ts'
import { noticeOf } from './fixtures/notices.ts'
import { readTemplate, renderTemplate } from './template.ts'

t.test('escapes values for JSON in a JSON template only', (t) => {
  const notice = noticeOf({ reasons: ['a "quoted" \\ <b>', 'two'] })
  const json = renderTemplate(
    '{"r": "{{reason}}", "all": [{{#reasons}}"{{.}}", {{/reasons}}0], "n": {{times}}}',
    notice,
  )
  t.same(JSON.parse(json), { r: 'a "quoted" \\ <b>', all: ['a "quoted" \\ <b>', 'two', 0], n: 3 })
  t.equal(renderTemplate('{{verdict}}: {{reasonsText}}', notice), 'critical: a "quoted" \\ <b>; two')
  t.end()
})

t.test('renders the sections of one kind, and nothing for absent values', (t) => {
  const template =
    '{{#recovered}}{"event_action": "resolve"{{/recovered}}{{^recovered}}{"event_action": "trigger"{{/recovered}}, "dedup_key": "{{outage}}", "was": "{{previousVerdict}}"}'
  t.same(JSON.parse(renderTemplate(template, noticeOf())), { event_action: 'trigger', dedup_key: 'a1', was: '' })
  t.match(JSON.parse(renderTemplate(template, noticeOf({ kind: 'recovered' }))), { event_action: 'resolve' })
  t.end()
})

t.test('names what is wrong with a template', (t) => {
  const folder = t.testdir({})
  const problem = (content: string) => {
    const file = join(folder, 'template')
    writeFileSync(file, content)
    return problemOf(readTemplate(file))?.replace(file, 'FILE')
  }
  t.equal(problem('{"text": "{{summary}}"}'), undefined)
  t.equal(problem('{{target}} is {{verdict}}'), undefined)
  t.match(problem('{"text": "{{summary}}}'), /^FILE looks like JSON but does not render JSON: /)
  t.match(problem('{{#alarm}}never closed'), /^FILE: Unclosed section "alarm"/)
  t.equal(problem(' \n'), 'FILE is empty')
  t.match(problemOf(readTemplate(join(folder, 'none'))), /^cannot read .*ENOENT/)
  t.end()
})
