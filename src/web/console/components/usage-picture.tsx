import type { Organization } from '../api/organizations'
import { formatBytes, formatShare } from '../words/format'

const width = 1000
const height = 28

/** How much of the quota is stored, promised to uploads, and free; and how many uploads are pending, of how many. */
export function UsagePicture({ organization }: { organization: Organization }) {
  const { quotaBytes, usedBytes, reservedBytes, pendingUploads, pendingUploadsMax } = organization
  const whole = quotaBytes ?? usedBytes + reservedBytes
  const freeBytes = quotaBytes === null ? null : Math.max(0, quotaBytes - usedBytes - reservedBytes)
  const said = `${formatBytes(usedBytes)} used, ${formatBytes(reservedBytes)} reserved, ${
    freeBytes === null ? 'no quota' : `${formatBytes(freeBytes)} free of ${formatBytes(whole)}`
  }`
  return (
    <div class="usage">
      <Bar
        label={`Storage: ${said}`}
        whole={whole}
        pieces={[
          ['used', usedBytes],
          ['reserved', reservedBytes],
        ]}
      />
      <dl class="legend">
        <Entry
          look="used"
          name="Used"
          value={formatBytes(usedBytes)}
          share={shareOf(usedBytes, quotaBytes)}
        />
        <Entry
          look="reserved"
          name="Reserved for uploads"
          value={formatBytes(reservedBytes)}
          share={shareOf(reservedBytes, quotaBytes)}
        />
        <Entry
          look="free"
          name="Free"
          value={freeBytes === null ? 'no quota' : formatBytes(freeBytes)}
          share={freeBytes === null ? null : shareOf(freeBytes, quotaBytes)}
        />
      </dl>
      <h2>Pending uploads</h2>
      <Bar
        label={`${pendingUploads} of at most ${pendingUploadsMax} uploads are pending`}
        whole={pendingUploadsMax}
        pieces={[['reserved', pendingUploads]]}
      />
      <p>
        {pendingUploads.toLocaleString('en')} of at most {pendingUploadsMax.toLocaleString('en')}
      </p>
    </div>
  )
}

function shareOf(part: number, quotaBytes: number | null): string | null {
  return quotaBytes === null || quotaBytes === 0 ? null : formatShare(part, quotaBytes)
}

type Look = 'used' | 'reserved' | 'free'

/** Pieces side by side, each as wide as its share; what is not zero can be seen. */
function Bar({ label, whole, pieces }: { label: string; whole: number; pieces: readonly [Look, number][] }) {
  let x = 0
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <rect class="free" width={width} height={height} />
      {pieces.map(([look, value]) => {
        const share = whole === 0 ? 0 : (value / whole) * width
        const piece = { x, width: value > 0 ? Math.min(Math.max(share, 3), width - x) : 0 }
        x += piece.width
        return <rect key={look} class={look} x={piece.x} width={piece.width} height={height} />
      })}
    </svg>
  )
}

function Entry({
  look,
  name,
  value,
  share,
}: {
  look: Look
  name: string
  value: string
  share: string | null
}) {
  return (
    <div class={`legend-entry ${look}`}>
      <dt>{name}</dt>
      <dd>
        {value}
        {share && <span class="hint"> {share}</span>}
      </dd>
    </div>
  )
}
