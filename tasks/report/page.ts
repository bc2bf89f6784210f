import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import mustache from 'mustache'
import { printable } from '../../checker/formatters/printable.ts'
import { escapeXml } from '../../checker/formatters/xml.ts'
import { readPart as readCheckerPart } from '../../checker/history/parts.ts'
import type { RollEvent } from '../lib/roll/events.ts'
import { capacityTrack } from './capacity-track.ts'
import { factsOf, grouped } from './facts.ts'
import { headlineOf, policyWords } from './headline.ts'
import { lifeTracks } from './life-track.ts'
import { type Life, livesOf } from './lives.ts'
import { momentTrack } from './moment-track.ts'
import { requestTrack } from './request-track.ts'
import { type StepRow, stepList } from './step-list.ts'
import { type Summary, summarize } from './summary.ts'
import { type TimeScale, timeScale } from './time-scale.ts'

/** Longer lists are folded, so that a page of a thousand instances opens at once. */
const mostOpenRows = 400

/**
 * The page of a roll: one HTML document that needs neither network nor script to be read; the script adds only hover
 * and focus details and the filter.
 */
export function renderPage(events: readonly RollEvent[]): string {
  const summary = summarize(events)
  const lives = livesOf(events)
  const lastMs = events.reduce((last, { at }) => Math.max(last, Date.parse(at)), 0)
  const scale = timeScale(summary.runs, lastMs)
  const moments = momentTrack(events, summary.runs, scale)
  const view = {
    ...envelope(),
    ...headView(summary, lives),
    ...stepsView(stepList(events, scale)),
    backdrop: { ticks: scale.ticks, gaps: scale.gaps, guides: moments.filter(({ isTurning }) => isTurning) },
    moments,
    capacity: capacityTrack(events, summary.runs, scale),
    requests: requestTrack(events, scale),
    lives: lifeTracks(lives, scale),
    instances: lives.map((life) => instanceRow(life, scale)),
    instanceCount: grouped(lives.length),
    hasEvents: events.length > 0,
    eventCount: grouped(events.length),
    eventsJson: printable(JSON.stringify(events)).replaceAll('<', '\\u003c'),
  }
  const partials = { backdrop: readPart('backdrop.svg.mustache'), overlay: readPart('overlay.svg.mustache') }
  return mustache.render(readPart('page.html.mustache'), view, partials, {
    escape: (value) => escapeXml(String(value)),
  })
}

function envelope() {
  const style = readCheckerPart('base.css') + readPart('page.css')
  const script = readPart('page-script.js')
  return { style, script, styleHash: hashOf(style), scriptHash: hashOf(script) }
}

function headView(summary: Summary, lives: readonly Life[]) {
  const { began, reason, requests, runs } = summary
  const facts = factsOf(summary).map((fact) => ({
    ...fact,
    isBroken: fact.kept === false,
    ...(fact.key === 'sent' ? { failed: requests } : {}),
  }))
  const policy = began ? policyWords(began.policy) : []
  return { headline: headlineOf(summary, lives), reason, startedAt: utc(runs[0]?.fromMs), policy, facts }
}

function stepsView(steps: readonly StepRow[]) {
  const stepKinds = [...new Set(steps.map(({ kind }) => kind))].sort()
  return { steps, stepKinds, stepCount: grouped(steps.length), stepsOpen: steps.length <= mostOpenRows }
}

function instanceRow({ id, release, zone, role, steps, stretches, isGone }: Life, scale: TimeScale) {
  const first = (phase: string) => stretches.find((stretch) => stretch.phase === phase)
  const moment = (ms: number | undefined) => (ms === undefined ? '' : scale.name(ms))
  return {
    id,
    release,
    zone,
    role,
    seen: moment(stretches[0]?.fromMs),
    ready: role === 'old' ? '' : moment(first('ready')?.fromMs),
    drained: moment(steps.find(({ step }) => step === 'drain')?.atMs),
    gone: isGone ? moment(stretches.at(-1)?.toMs) : '',
  }
}

function readPart(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}

/**
 * The hash by which a Content Security Policy allows an inline style or script
 * (https://www.w3.org/TR/CSP3/#grammardef-hash-source).
 */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function utc(ms: number | undefined): string {
  return ms === undefined ? '' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
