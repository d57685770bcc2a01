/** How a picture lies in the viewer: its size, and how far its middle is from the viewer's. */
export interface View {
	scale: number;
	x: number;
	y: number;
}

interface Size {
	width: number;
	height: number;
}

interface Point {
	x: number;
	y: number;
}

export const still: View = { scale: 1, x: 0, y: 0 };
export const largest = 6;

/** Never smaller than the whole, and never so far aside that an edge comes in. */
export function within(view: View, picture: Size, stage: Size): View {
	const scale = Math.min(largest, Math.max(1, view.scale));
	const room = (length: number, space: number) => Math.max(0, (length * scale - space) / 2);
	const hold = (at: number, most: number) => Math.min(most, Math.max(-most, at)) + 0;
	return { scale, x: hold(view.x, room(picture.width, stage.width)), y: hold(view.y, room(picture.height, stage.height)) };
}

/** Larger or smaller about a point, measured from the middle of the viewer: what is under it stays under it. */
export function zoomed(view: View, by: number, about: Point = { x: 0, y: 0 }): View {
	const scale = Math.min(largest, Math.max(1, view.scale * by));
	const grown = scale / view.scale;
	return { scale, x: about.x - (about.x - view.x) * grown, y: about.y - (about.y - view.y) * grown };
}

export const moved = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy });

/** What a finger that moved so far over the whole picture meant. */
export function gesture(dx: number, dy: number, rtl = false): 'next' | 'previous' | 'close' | null {
	if (Math.abs(dx) > 60 && Math.abs(dx) > Math.abs(dy) * 1.5) return dx < 0 !== rtl ? 'next' : 'previous';
	return dy > 110 && dy > Math.abs(dx) * 1.5 ? 'close' : null;
}
