import { ApiError } from './client';

/** One thing that has to be fetched: on its way, here, or failed with a reason. */
export class Loaded<T> {
	value = $state.raw<T | undefined>();
	error = $state.raw<ApiError | null>(null);

	constructor(private readonly fetch: () => Promise<T>) {
		void this.load();
	}

	get missing(): boolean {
		return this.error?.code === 404 || this.error?.code === 410;
	}

	load = async (): Promise<void> => {
		this.error = null;
		try {
			this.value = await this.fetch();
		} catch (error) {
			this.error = error instanceof ApiError ? error : new ApiError(-1, error instanceof Error ? error.message : String(error));
		}
	};
}
