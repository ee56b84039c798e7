import { useEffect, useState } from 'preact/hooks'
import { formatRelative, formatTime } from '../words/format'

const everyMs = 30_000

/** A moment as people tell it, with the exact time on hover. */
export function Time({ at }: { at: string }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatRelative(Date.parse(at), now)}
    </time>
  )
}
