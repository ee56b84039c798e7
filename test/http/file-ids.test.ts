import { describe, expect, it } from 'vitest'
import { formatFileId, parseNamedFileId } from '../../src/http/file-ids'

const id = '0190a000-0000-7000-8000-00000000000a'

describe('parseNamedFileId', () => {
  it.each([
    id,
    id.toUpperCase(),
    id.replaceAll('-', ''),
    'file_0190a00000007000800000000000000a',
    'FILE_0190A00000007000800000000000000A',
    `file_${id}`,
  ])('reads %s', (text) => {
    const read = parseNamedFileId(text)
    expect(read).toBe(id)
    expect(read && formatFileId(read)).toBe('file_0190a00000007000800000000000000a')
  })

  it.each([
    '',
    'file_',
    `file_file_${id}`,
    id.slice(1),
    `${id}0`,
    `${id} `,
    id.replace('a', 'g'),
    '-'.repeat(36),
  ])('finds no file in %j', (text) => {
    expect(parseNamedFileId(text)).toBeNull()
  })
})
