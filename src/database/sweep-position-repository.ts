import type { SweepPositionRepository } from '../core/ports/deletion-repository'
import { readRows, runRepeatableBatch } from './d1'
import { prepare, type Statement } from './statement'

export function createSweepPositionRepository(db: D1Database): SweepPositionRepository {
  return {
    async all() {
      const select: Statement<{ step: string; position: string }> = prepare(
        db,
        'SELECT step, position FROM sweep_positions',
        {},
      )
      const rows = await readRows('sweepPositions.all', select)
      return new Map(rows.map(({ step, position }) => [step, position]))
    },

    async keep(step, position) {
      await runRepeatableBatch(db, 'sweepPositions.keep', {
        keep:
          position === null
            ? prepare(db, 'DELETE FROM sweep_positions WHERE step = :step', { step })
            : prepare(
                db,
                `INSERT INTO sweep_positions (step, position) VALUES (:step, :position)
                 ON CONFLICT (step) DO UPDATE SET position = excluded.position`,
                { step, position },
              ),
      })
    },
  }
}
