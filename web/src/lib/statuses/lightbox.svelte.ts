import type { MediaAttachment } from '../api/entities';

class Lightbox {
	media = $state.raw<MediaAttachment[]>([]);
	index = $state(0);

	show(media: MediaAttachment[], index: number): void {
		this.media = media;
		this.index = index;
	}

	step = (by: number): void => void (this.index = (this.index + by + this.media.length) % this.media.length);
	close = (): void => void (this.media = []);
}

export const lightbox = new Lightbox();
