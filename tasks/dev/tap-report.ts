import { Parser, type Result } from 'tap-parser'

export interface TestCount {
  passed: number
  failed: number
  skipped: number
}

/** A failed test with its full report. */
export interface TestFailure {
  /** File and test names, outermost first: `checker/clock/clock.test.ts > bound > is proven`. */
  readonly name: string
  readonly details: string
}

/** A finished test file. */
export interface TestFile extends TestCount {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
}

interface Level {
  subtests: number
  failedAssertions: number
  failed: number
}

/**
 * Reads a test runner's TAP output. Counts tests, not assertions: a test is a subtest without subtests (or a whole file
 * without any); skipped and todo tests count as skipped.
 */
export class TapReport {
  readonly count: TestCount = { passed: 0, failed: 0, skipped: 0 }
  readonly failures: TestFailure[] = []
  /** `FILE > TEST: why it was skipped`. */
  readonly skips: string[] = []
  readonly #parser = new Parser()

  /** `fileEnded` is called for each test file when it finishes. */
  constructor(fileEnded: (file: TestFile) => void = () => undefined) {
    let before = { ...this.count }
    this.#watch(this.#parser)
    this.#parser.on('assert', (result: Result) => {
      const { passed, failed, skipped } = this.count
      fileEnded({
        name: result.name,
        ok: result.ok,
        seconds: (result.time ?? 0) / 1000,
        passed: passed - before.passed,
        failed: failed - before.failed,
        skipped: skipped - before.skipped,
      })
      before = { passed, failed, skipped }
    })
  }

  /** Takes the next chunk of output, cut anywhere. */
  write(text: string): void {
    this.#parser.write(text)
  }

  /** Call once when the runner has ended: if it died without a failed test, that counts as one failure. */
  end(exitCode: number | undefined): void {
    this.#parser.end()
    const broken = exitCode !== 0 || this.#parser.bailedOut !== false || !this.#parser.ok
    if (!broken || this.count.failed > 0) return
    this.count.failed++
    this.failures.push({ name: 'tap', details: `the test runner ended with exit code ${exitCode}` })
  }

  #watch(parser: Parser): Level {
    const level: Level = { subtests: 0, failedAssertions: 0, failed: 0 }
    let child: Level | undefined
    parser.on('child', (inner: Parser) => {
      child = this.#watch(inner)
    })
    parser.on('assert', (result: Result) => {
      if (result.skip !== false || result.todo !== false) {
        level.subtests++
        this.count.skipped++
        const why = [result.skip, result.todo].find((reason) => typeof reason === 'string')
        this.skips.push(`${result.fullname}: ${why ?? 'no reason given'}`)
      } else if (result.closingTestPoint && child !== undefined) {
        level.subtests++
        level.failed += this.#endSubtest(result, child)
      } else if (parser.level === 0) {
        level.failed += this.#endSubtest(result, { subtests: 0, failedAssertions: 0, failed: 0 })
      } else if (!result.ok) {
        level.failedAssertions++
        this.#note(result)
      }
    })
    return level
  }

  /** Counts a finished subtest; returns the number of failed tests in it. */
  #endSubtest(result: Result, inner: Level): number {
    const isTest = inner.subtests === 0
    const failedItself = isTest ? !result.ok : inner.failedAssertions > 0 || (!result.ok && inner.failed === 0)
    if (isTest && result.ok) this.count.passed++
    if (!failedItself) return inner.failed
    this.count.failed++
    if (inner.failedAssertions === 0) this.#note(result)
    return inner.failed + 1
  }

  #note(result: Result): void {
    this.failures.push({ name: result.fullname, details: describe(result.diag ?? {}) })
  }
}

/** A failure's diagnostics as lines: multi-line texts verbatim, the rest as JSON. */
function describe(diagnostics: Record<string, unknown>): string {
  return Object.entries(diagnostics)
    .map(([key, value]) => {
      if (typeof value !== 'string') return `${key}: ${JSON.stringify(value)}`
      return value.includes('\n') ? `${key}:\n${value.trimEnd().replace(/^/gm, '  ')}` : `${key}: ${value}`
    })
    .join('\n')
}
