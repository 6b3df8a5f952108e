// Command baresdk is the program sdk without loading the SDK's configuration, so it cannot sign a
// call.
//
// It calls the six operations of Amazon RDS that package activitystream calls. It is only built, to
// measure its size.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

func main() {
	ctx := context.Background()
	client := rds.NewFromConfig(aws.Config{})
	_, err1 := client.StartActivityStream(ctx, &rds.StartActivityStreamInput{})
	_, err2 := client.StopActivityStream(ctx, &rds.StopActivityStreamInput{})
	_, err3 := client.ModifyActivityStream(ctx, &rds.ModifyActivityStreamInput{})
	_, err4 := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	_, err5 := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	_, err6 := client.DescribeOrderableDBInstanceOptions(ctx, &rds.DescribeOrderableDBInstanceOptionsInput{})
	println(err1, err2, err3, err4, err5, err6)
}
