import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** One department; the organisation's tree hangs together by `parentId`. */
export class DepartmentRow extends Model<InferAttributes<DepartmentRow>, InferCreationAttributes<DepartmentRow>> {
  declare id: string;
  declare name: string;
  declare parentId: CreationOptional<string | null>;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

export function defineDepartments(sequelize: Sequelize): void {
  DepartmentRow.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true },
      name: { type: DataTypes.TEXT, allowNull: false },
      parentId: DataTypes.UUID,
      createdAt: DataTypes.DATE,
      updatedAt: DataTypes.DATE,
    },
    { sequelize, tableName: 'departments', timestamps: true },
  );
}
