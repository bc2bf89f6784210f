// needs: nginx
import t from 'tap'
import { nginxComplaint } from './complaint.ts'
import { nginxMissing } from './nginx-fixture.ts'

const skip = nginxMissing
const any = { release: '1.4.0', upstreamPort: 8000 }
const complaintAbout = (text: string) => nginxComplaint({ ...any, lines: { file: 'own.conf', text } })

t.test("reports what nginx refuses, with the user's own line", { skip }, async (t) => {
  const cases: Record<string, string> = {
    '\n  ad_header A b;\n': 'own.conf:2: unknown directive "ad_header"',
    'gzip on off;': 'own.conf:1: invalid number of arguments in "gzip" directive',
    'gzip on;\nlisten 81;\ngzip off;': 'own.conf:3: "gzip" directive is duplicate',
    'limit_req_zone $remote_addr zone=a rate=1r/s;': 'own.conf:1: invalid zone size "zone=a"',
  }
  for (const [text, complaint] of Object.entries(cases)) t.match(await complaintAbout(text), complaint)
  const template = { file: 'own.mustache', text: '# {{release}}\n\nevents { }\nhttp {\n  nonsense;\n}\n' }
  t.equal(await nginxComplaint({ ...any, template }), 'own.mustache:5: unknown directive "nonsense"')
})

t.test('accepts valid lines and those that only an instance can judge', { skip }, async (t) => {
  t.equal(await nginxComplaint(any), undefined)
  t.equal(await complaintAbout('gzip on;\n'), undefined)
  t.equal(await complaintAbout('include /etc/nginx/of-the-image.conf;\n'), undefined)
  t.equal(await complaintAbout('location /x { proxy_pass http://of-the-image.invalid; }\n'), undefined)
})
