import type { NewGrant } from '../../api/grants'
import { CopyField } from '../../components/copy'
import { Dialog } from '../../components/dialog'
import { formatTime } from '../../words/format'

/** The link of a grant that was made on this page, for people and for programs. */
export function GrantLinks({ grant, onClose }: { grant: NewGrant; onClose(): void }) {
  return (
    <Dialog title="Copy the link of the grant" onClose={onClose}>
      <div class="dialog-body">
        <p>
          Everyone who has it can upload until {formatTime(grant.expiresAt)}. It is told now, and on this page
          until you leave it.
        </p>
        <CopyField label="Link" value={grant.url} />
        <CopyField label="curl" value={`curl -T report.pdf "${grant.url}/"`} />
      </div>
      <footer class="dialog-foot">
        <button type="button" class="button primary" onClick={onClose}>
          Done
        </button>
      </footer>
    </Dialog>
  )
}
