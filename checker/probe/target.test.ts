import t from 'tap'
import { joinPath, urlProblem } from './target.ts'

const bad: [string, string][] = [
  ['example.com', 'url "example.com": no scheme; did you mean http://example.com?'],
  ['localhost:8080', 'url "localhost:8080": no scheme; did you mean http://localhost:8080?'],
  ['ftp://example.com', 'url "ftp://example.com": expected http or https, got ftp'],
  ['http://', 'url "http://": not a url'],
  ['http://a:99999', 'url "http://a:99999": not a url'],
  ['http://me:secret@a.example', 'url of a.example: a user or password in a url is not supported'],
  ['http://a/?x=1', 'url "http://a/?x=1": a query or fragment is not supported'],
  ['ftp://me:pa/ss@a.example', 'url "ftp://[secret]@a.example": not a url'],
  ['http://me:pa/s?s@a.example', 'url "http://[secret]@a.example": not a url'],
  ['me:p@ss@a.example', 'url "[secret]@a.example": no scheme; did you mean http://[secret]@a.example?'],
  ['http://a.example/?x=me@b', 'url "http://[secret]@b": a query or fragment is not supported'],
  ['', 'url "": empty'],
]

for (const [url, problem] of bad) {
  t.test(`refuses ${JSON.stringify(url)}`, (t) => {
    t.equal(urlProblem(url), problem)
    t.end()
  })
}

t.test('accepts the URL of a service', (t) => {
  for (const url of ['http://127.0.0.1:8080', 'https://a.example/app/', 'http://[::1]:80', 'HTTP://a.example']) {
    t.equal(urlProblem(url), undefined, url)
  }
  t.end()
})

t.test('appends paths to the path of the URL', (t) => {
  t.equal(joinPath(new URL('http://a'), '/now'), '/now')
  t.equal(joinPath(new URL('http://a/app/'), '/now'), '/app/now')
  t.end()
})
