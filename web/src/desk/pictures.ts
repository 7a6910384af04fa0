/** Pictures of the last answers, in memory, so that they show in the history and after an undo while offline. */

export const pictures = new Map<string, string>();

/** Pictures of the last answers stay in memory; older ones are let go. */
export function keepPicture(item: string, address: string): void {
  const before = pictures.get(item);
  if (before && before !== address) URL.revokeObjectURL(before);
  pictures.delete(item);
  pictures.set(item, address);
  for (const [old, gone] of pictures) {
    if (pictures.size <= 40) break;
    pictures.delete(old);
    URL.revokeObjectURL(gone);
  }
}
