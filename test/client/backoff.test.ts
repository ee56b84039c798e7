import { afterEach, describe, expect, it, vi } from 'vitest'
import { backoffMs, isTransient, wait } from '../../client/backoff'

afterEach(() => vi.useRealTimers())

describe('backoffMs', () => {
  it('doubles up to half a minute, half of it by chance', () => {
    const least = Array.from({ length: 8 }, (_, at) => backoffMs(at + 1, null, 0, 0))
    const most = Array.from({ length: 8 }, (_, at) => backoffMs(at + 1, null, 0, 1))
    expect(least).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000])
    expect(most).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  it('is no shorter than Retry-After says, in seconds or as a date, up to five minutes', () => {
    const now = Date.parse('2026-11-02T09:30:00.000Z')
    expect(backoffMs(1, '12', now, 0)).toBe(12_000)
    expect(backoffMs(1, 'Mon, 02 Nov 2026 09:31:00 GMT', now, 0)).toBe(60_000)
    expect(backoffMs(1, '86400', now, 0)).toBe(300_000)
    expect(backoffMs(7, '1', now, 1)).toBe(30_000)
  })

  it.each(['', 'soon', '-5', 'Mon, 02 Nov 2020 09:31:00 GMT'])('takes %j for no Retry-After', (text) => {
    expect(backoffMs(1, text, Date.parse('2026-11-02T09:30:00.000Z'), 0)).toBe(250)
  })
})

describe('isTransient', () => {
  it.each([0, 408, 429, 500, 502, 503, 504])('is true of %d', (status) => {
    expect(isTransient(status, null)).toBe(true)
  })

  it.each([200, 400, 401, 403, 404, 409, 412, 413, 422, 501])('is false of %d', (status) => {
    expect(isTransient(status, null)).toBe(false)
  })

  it('is true of a conflict that the gateway says will pass', () => {
    expect(isTransient(409, '1')).toBe(true)
  })
})

describe('wait', () => {
  it('ends after its time, or with its signal, before or in the midst', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const ended: string[] = []
    wait(1000, new AbortController().signal).then(() => ended.push('time'))
    wait(60_000, controller.signal).then(() => ended.push('signal'))
    wait(60_000, AbortSignal.abort()).then(() => ended.push('before'))
    await vi.advanceTimersByTimeAsync(999)
    expect(ended).toEqual(['before'])
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toEqual(['before', 'time'])
    controller.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toEqual(['before', 'time', 'signal'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
