import type { Reporter, TestCase, TestModule } from 'vitest/node'
import type { Finding } from '../seals/finding'
import { conclusionsFrom } from './conclusions.ts'

/** Prints what was found: plain text that is Markdown too. */
export class ConformanceReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly { message: string }[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const findings = tests.flatMap((test) => test.meta().finding ?? [])
    const contract = tests.filter(({ module }) => module.moduleId.endsWith('contract.test.ts'))
    const errors = [...modules.flatMap((module) => module.errors()), ...unhandledErrors]
    const sections = [
      contract.length === 0 ? [] : contractSection(contract),
      findings.length === 0 ? [] : tableOf(findings),
      findings.length === 0 ? [] : ['## What follows', '', ...conclusionsFrom(findings)],
      errors.length === 0
        ? []
        : ['## What went wrong', '', ...errors.map(({ message }) => `- ${oneLine(message)}`)],
    ]
    const text = sections.filter((lines) => lines.length > 0).map((lines) => `${lines.join('\n')}\n`)
    process.stdout.write(`\n${text.join('\n')}`)
  }
}

function contractSection(tests: TestCase[]): string[] {
  const failed = tests.filter((test) => test.result().state === 'failed')
  const lines = failed.map((test) => {
    const reasons = test.result().errors?.map(({ message }) => oneLine(message)) ?? []
    return `- FAILED: ${test.fullName}: ${reasons.join('; ')}`
  })
  const asked = tests.filter((test) => test.result().state !== 'skipped').length
  const counted = `${asked - failed.length} of ${asked} hold.`
  return ['## Storage contract', '', counted, ...lines]
}

function tableOf(findings: Finding[]): string[] {
  const header = ['the store …', 'holds', 'answer']
  const rows = findings.map(({ claim, holds, answer }) => [claim, holds, answer])
  const widths = header.map((title, at) =>
    Math.max(...[header, ...rows].map((row) => row[at]?.length ?? 0), title.length),
  )
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const groups = [...new Set(findings.map(({ group }) => group))]
  return groups.flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    `## ${group}`,
    '',
    line(header),
    rule,
    ...findings.flatMap((finding, at) => (finding.group === group ? [line(rows[at] ?? [])] : [])),
  ])
}

function oneLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').trim().replaceAll('|', '\\|')
}
