import t from 'tap'
import { readDockerfile } from './dockerfile.ts'

const braced = (variable: string) => `\${${variable}}`
const facts = (...lines: string[]) => readDockerfile(lines.join('\n'))

t.test('ports, health path and user are those of the last stage', (t) => {
  const of = facts(
    '# syntax=docker/dockerfile:1',
    'FROM golang:1.24 AS build',
    'EXPOSE 9999',
    'USER builder',
    'FROM --platform=linux/amd64 scratch',
    'COPY --from=build /shop /shop',
    'expose 8000 9000/tcp 53/udp 8100-8105',
    'HEALTHCHECK --interval=5s \\',
    '  # every five seconds',
    '  CMD curl -f http://localhost:8000/healthz?full=1 || exit 1',
    'USER 65532:65532',
    'ENTRYPOINT ["/shop"]',
  )
  t.same(of, { ports: [8000, 9000, 8100], healthPath: '/healthz', user: '65532:65532' })
  t.end()
})

t.test('a stage has what the stage below it has', (t) => {
  const base = ['FROM debian AS base', 'EXPOSE 80', 'USER www', 'HEALTHCHECK CMD curl http://127.0.0.1/up']
  t.same(facts(...base, 'FROM base'), { ports: [80], healthPath: '/up', user: 'www' })
  t.same(facts(...base, 'FROM BASE AS last', 'HEALTHCHECK NONE', 'EXPOSE 81'), {
    ports: [80, 81],
    healthPath: undefined,
    user: 'www',
  })
  t.same(facts(...base, 'FROM debian'), { ports: [], healthPath: undefined, user: undefined })
  t.end()
})

t.test('variables are put in', (t) => {
  const cases: [lines: string[], ports: number[]][] = [
    [['FROM a', 'ENV PORT=5000', 'EXPOSE $PORT'], [5000]],
    [['FROM a', 'ENV PORT 5000', `EXPOSE ${braced('PORT')}/tcp`], [5000]],
    [['FROM a', 'ARG NAME="a b" PORT=5000', `EXPOSE ${braced('PORT')}`], [5000]],
    [['ARG PORT=5000', 'FROM a', `EXPOSE ${braced('PORT:-1')}`], [5000]],
    [['FROM a', `EXPOSE ${braced('PORT:-6000')}`], [6000]],
    [['FROM a', 'EXPOSE $PORT'], []],
  ]
  for (const [lines, ports] of cases) t.same(facts(...lines).ports, ports, lines.join('; '))
  t.end()
})

t.test('the path that is asked for health', (t) => {
  const cases: [check: string, path: string | undefined][] = [
    ['CMD ["wget", "-q", "-O-", "http://127.0.0.1:8000/health"]', '/health'],
    ['CMD python -c "import urllib.request as r; r.urlopen(\'http://localhost:8000/a/b\')"', '/a/b'],
    ['CMD curl -f http://[::1]:8000/up#x', '/up'],
    ['CMD curl -f http://localhost:8000 || exit 1', '/'],
    ['CMD curl -f https://example.org/not-ours', undefined],
    ['CMD pg_isready', undefined],
    ['NONE', undefined],
  ]
  for (const [check, path] of cases) t.equal(facts('FROM a', `HEALTHCHECK ${check}`).healthPath, path, check)
  t.end()
})

t.test('what is no Dockerfile tells nothing', (t) => {
  for (const text of ['', '\0\0', 'EXPOSE 80', '{}', 'FROM']) t.same(facts(text).ports, [], JSON.stringify(text))
  t.same(facts('FROM a\r', 'EXPOSE 80\r').ports, [80])
  t.end()
})
