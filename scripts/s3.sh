# A real S3 server for the tests of buckets: versitygw, built once for each version and kept in the
# cache folder of whoever runs the tests. It is built without optimising, which takes a sixth less
# time. Sourced. s3_server sets ANANCUS_TEST_S3 to the program, or says that it cannot be had.

s3_version=v1.8.0

s3_server() {
	local folder=${XDG_CACHE_HOME:-$HOME/.cache}/anancus program
	program=$folder/versitygw-$s3_version
	if [ ! -x "$program" ]; then
		echo "versitygw $s3_version: building it once, into $folder"
		mkdir -p "$folder/building" &&
			GOBIN=$folder/building go install -ldflags '-s -w' -gcflags 'github.com/...=-N -l' "github.com/versity/versitygw/cmd/versitygw@$s3_version" &&
			mv "$folder/building/versitygw" "$program" || return 1
	fi
	export ANANCUS_TEST_S3=$program ANANCUS_TEST_REQUIRE_S3=1
}
