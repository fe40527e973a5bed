// Package data keeps the requirement of the module whose files are used: `go mod tidy` drops what
// no Go code imports. This is its smallest package, and brings no other module along.
package data

import _ "sigs.k8s.io/gateway-api/pkg/consts"
